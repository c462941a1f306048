#include "aws/attribute_json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "aws/base64.h"

namespace quipu::aws {
namespace {

// The value written again, or the error's message.
std::string round_trip(std::string_view json) {
  JsonTree tree;
  const auto root = tree.parse(json);
  if (!root) return "not JSON: " + root.error().message;
  value::Value value;
  if (const auto read = read_value(**root, value); !read) return read.error().message;
  std::string out;
  append_value(out, value);
  return out;
}

std::string item_round_trip(std::string_view json) {
  JsonTree tree;
  const auto root = tree.parse(json);
  if (!root) return "not JSON: " + root.error().message;
  value::Item item;
  if (const auto read = read_item(**root, item); !read) return read.error().message;
  std::string out;
  append_item(out, item);
  return out;
}

std::string nested(std::size_t containers, std::string_view open, std::string_view close, std::string leaf) {
  for (std::size_t i = 0; i < containers; ++i) leaf = std::string{open} + leaf + std::string{close};
  return leaf;
}

TEST(AttributeJson, EveryTypeIsReadAndWritten) {
  for (const char* json :
       {R"({"S":"a\"ä"})", R"({"S":""})", R"({"N":"-12.5"})", R"({"B":"AP8="})", R"({"B":""})", R"({"NULL":true})",
        R"({"BOOL":true})", R"({"BOOL":false})", R"({"SS":["a","b"]})", R"({"NS":["-1","2"]})",
        R"({"BS":["AA==","YmI="]})", R"({"L":[{"S":"x"},{"L":[]},{"M":{}}]})", R"({"M":{"a":{"N":"1"},"b":{"M":{}}}})"})
    EXPECT_EQ(round_trip(json), json);
}

TEST(AttributeJson, NumbersAreWrittenAsTheServiceWritesThem) {
  EXPECT_EQ(round_trip(R"({"N":"1.50"})"), R"({"N":"1.5"})");
  EXPECT_EQ(round_trip(R"({"N":"1e3"})"), R"({"N":"1000"})");
  EXPECT_EQ(round_trip(R"({"N":"-0"})"), R"({"N":"0"})");
}

TEST(AttributeJson, SetsComeBackSorted) {
  EXPECT_EQ(round_trip(R"({"NS":["10","9","-1"]})"), R"({"NS":["-1","9","10"]})");
}

TEST(AttributeJson, UnknownAndNullTypesDoNotCount) {
  EXPECT_EQ(round_trip(R"({"S":"a","N":null,"X":1})"), R"({"S":"a"})");
}

TEST(AttributeJson, WordsAreTakenForBooleans) {
  EXPECT_EQ(round_trip(R"({"BOOL":"True"})"), R"({"BOOL":true})");
  EXPECT_EQ(round_trip(R"({"BOOL":"no"})"), R"({"BOOL":false})");
  EXPECT_EQ(round_trip(R"({"NULL":"1"})"), R"({"NULL":true})");
}

TEST(AttributeJson, ErrorsAreTheServices) {
  const std::string one_type = "must contain exactly one of the supported datatypes";
  const std::string empty = "Supplied AttributeValue is empty, " + one_type;
  const std::string several = "Supplied AttributeValue has more than one datatypes set, " + one_type;
  const std::string invalid = "One or more parameter values were invalid: ";
  EXPECT_EQ(round_trip("{}"), empty);
  EXPECT_EQ(round_trip("null"), empty);
  EXPECT_EQ(round_trip(R"({"a":""})"), empty);
  EXPECT_EQ(round_trip(R"({"L":[{"S":"a"},null]})"), empty);
  EXPECT_EQ(round_trip(R"({"M":{"a":{}}})"), empty);
  EXPECT_EQ(round_trip(R"({"S":"a","N":"1"})"), several);
  EXPECT_EQ(round_trip(R"({"NULL":false})"), invalid + "Null attribute value types must have the value of true");
  EXPECT_EQ(round_trip(R"({"SS":[]})"), invalid + "An string set  may not be empty");
  EXPECT_EQ(round_trip(R"({"NS":[]})"), invalid + "An number set  may not be empty");
  EXPECT_EQ(round_trip(R"({"BS":[]})"), invalid + "Binary sets should not be empty");
  EXPECT_EQ(round_trip(R"({"SS":["a","a"]})"), invalid + "Input collection [a, a] contains duplicates.");
  EXPECT_EQ(round_trip(R"({"NS":["1","1.0"]})"), "Input collection contains duplicates");
  EXPECT_EQ(round_trip(R"({"BS":["Yg==","Yg=="]})"),
            invalid + "Input collection [Yg==, Yg==]of type BS contains duplicates.");
  EXPECT_EQ(round_trip(R"({"N":""})"), "The parameter cannot be converted to a numeric value");
  EXPECT_EQ(round_trip(R"({"N":"b"})"), "The parameter cannot be converted to a numeric value: b");
  EXPECT_EQ(round_trip(R"({"NS":["1","b","a"]})"), "The parameter cannot be converted to a numeric value: b");
  EXPECT_EQ(round_trip(R"({"N":"123456789012345678901234567890123456789"})"),
            "Attempting to store more than 38 significant digits in a Number");
  EXPECT_EQ(round_trip(R"({"N":"1e126"})"),
            "Number overflow. Attempting to store a number with magnitude larger than supported range");
  EXPECT_EQ(round_trip(R"({"N":"1e-131"})"),
            "Number underflow. Attempting to store a number with magnitude smaller than supported range");
}

TEST(AttributeJson, OfSeveralTypesTheirOwnErrorsComeFirst) {
  EXPECT_EQ(round_trip(R"({"S":"a","N":"b"})"), "The parameter cannot be converted to a numeric value: b");
}

TEST(AttributeJson, ThirtyTwoLevelsAreTheLimit) {
  const std::string refused =
      "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
  const std::string leaf = R"({"S":"leaf"})";
  const std::string map_31 = nested(31, R"({"M":{"n":)", "}}", leaf);
  EXPECT_EQ(round_trip(map_31), map_31);
  EXPECT_EQ(round_trip(nested(32, R"({"M":{"n":)", "}}", leaf)), refused);
  EXPECT_EQ(round_trip(nested(32, R"({"L":[)", "]}", leaf)), refused);
  EXPECT_EQ(round_trip(nested(75, R"({"L":[)", "]}", leaf)), refused);
  const std::string empty_at_32 = nested(31, R"({"L":[)", "]}", R"({"L":[]})");
  EXPECT_EQ(round_trip(empty_at_32), empty_at_32);
}

TEST(AttributeJson, ItemIsSortedByNames) {
  EXPECT_EQ(item_round_trip(R"({"b":{"N":"2"},"a":{"S":"x"},"":{"S":""}})"),
            "One or more parameter values were invalid: An attribute name must not be empty");
  EXPECT_EQ(item_round_trip(R"({"b":{"N":"2"},"a":{"S":"x"},"b":{"N":"3"}})"), R"({"a":{"S":"x"},"b":{"N":"3"}})");
  EXPECT_EQ(item_round_trip("{}"), "{}");
}

TEST(AttributeJson, WrongJsonTypesAreRefused) {
  for (const char* json : {"1", "[]", "\"x\"", R"({"S":1})", R"({"SS":"a"})", R"({"L":{}})", R"({"M":[]})",
                           R"({"BOOL":"x"})", R"({"B":[]})", R"({"N":1})"}) {
    JsonTree tree;
    value::Value value;
    const auto read = read_value(**tree.parse(json), value);
    ASSERT_FALSE(read) << json;
    EXPECT_EQ(read.error().type, ErrorType::serialization) << json;
  }
}

// An attribute for each few bytes, in the worst order: time in the square of their number would be minutes.
TEST(AttributeJson, ManyAttributesTakeNoSquareOfTime) {
  std::string json = "{";
  for (int i = 80'000; i > 0; --i) json += (i == 80'000 ? "\"" : ",\"") + std::to_string(i) + R"(":{"N":"1"})";
  json += "}";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(item_round_trip(json).size(), json.size());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
}

TEST(Base64, IsStrict) {
  const std::string length = "Base64 encoded length is expected a multiple of 4 bytes but found: ";
  const std::string character = "Invalid last non-pad Base64 character dectected";
  std::string bytes;
  EXPECT_EQ(decode_base64("23456", bytes).error().message, length + "5");
  for (const char* bad :
       {"=+/=", "+/+=", "a===", "====", "AB=C", "A=BC", "ab c", "ab\nc", "-_-_", "AB==", "ABC=", "\xff\xff\xff\xff"}) {
    ASSERT_FALSE(decode_base64(bad, bytes)) << bad;
    EXPECT_EQ(decode_base64(bad, bytes).error().message, character) << bad;
    EXPECT_EQ(decode_base64(bad, bytes).error().type, ErrorType::serialization);
  }
}

TEST(Base64, EveryByteGoesThereAndBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  for (std::size_t size = 0; size <= all.size(); ++size) {
    std::string text;
    append_base64(text, std::string_view{all}.substr(0, size));
    std::string bytes = "before";
    ASSERT_TRUE(decode_base64(text, bytes)) << text;
    EXPECT_EQ(bytes, all.substr(0, size));
  }
  std::string text;
  append_base64(text, "foobar");
  EXPECT_EQ(text, "Zm9vYmFy");
}

}  // namespace
}  // namespace quipu::aws
