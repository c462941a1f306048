#include "remote/dynamo_requests.h"

#include <gtest/gtest.h>

namespace quipu::remote::dynamo {
namespace {

TEST(DynamoAnswers, ACounterIsAWholeNumberOf64Bits) {
  const auto value = [](std::string_view number) {
    const auto item = read_item(fmt::format(R"({{"Attributes":{{"atomic_counter":{}}}}})", number), "Attributes");
    return item ? item->value() : std::optional<std::int64_t>{-1};
  };
  EXPECT_EQ(value(R"({"N":"7"})"), 7);
  EXPECT_EQ(value(R"({"N":"-9223372036854775808"})"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(value(R"({"N":"9223372036854775808"})"), std::nullopt);
  EXPECT_EQ(value(R"({"N":"1.5"})"), std::nullopt);
  EXPECT_EQ(value(R"({"S":"7"})"), std::nullopt);
  EXPECT_EQ(value(R"({"L":[{"N":"7"}]})"), std::nullopt);
  EXPECT_EQ(value(R"({"NULL":true})"), std::nullopt);
}

TEST(DynamoAnswers, AnItemWithoutTheAttributeCountsAsZero) {
  const auto item = read_item(R"({"Item":{"id":{"S":"a"},"owner":{"M":{"x":{"S":"y"}}}},"Other":[1]})", "Item");
  ASSERT_TRUE(item);
  EXPECT_TRUE(item->exists);
  EXPECT_EQ(item->value(), 0);
  const auto none = read_item("{}", "Item");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->exists);
}

TEST(DynamoAnswers, WhatIsNoAnswerIsAnError) {
  for (const char* bad :
       {"", "<html>", "[]", R"({"Item":7})", R"({"Item":{"id":"a"}})", R"({"Item":{"id":{"S":7}}})", R"({"Item":{)"})
    EXPECT_FALSE(read_item(bad, "Item")) << bad;
}

TEST(DynamoAnswers, ARefusalNamesItsTypeAndShowsTheItem) {
  const Refusal refusal =
      read_refusal(R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no",)"
                   R"("Item":{"id":{"S":"a"},"atomic_counter":{"N":"10"}}})");
  EXPECT_EQ(refusal.type, "ConditionalCheckFailedException");
  EXPECT_EQ(refusal.message, "no");
  ASSERT_TRUE(refusal.item);
  EXPECT_EQ(refusal.item->value(), 10);
  EXPECT_EQ(read_refusal("<html>").type, "");
  EXPECT_EQ(read_refusal(R"({"__type":"Plain"})").type, "Plain");
}

TEST(DynamoAnswers, ATableNeedsOurKeyAndNoOther) {
  const auto has_key = [](std::string_view keys, std::string_view types) {
    const auto table =
        read_table(fmt::format(R"({{"Table":{{"TableStatus":"ACTIVE","KeySchema":[{}],"AttributeDefinitions":[{}]}}}})",
                               keys, types),
                   "Table");
    return table && table->status == "ACTIVE" && table->has_key;
  };
  constexpr std::string_view hash = R"({"AttributeName":"id","KeyType":"HASH"})";
  constexpr std::string_view text = R"({"AttributeName":"id","AttributeType":"S"})";
  constexpr std::string_view other = R"({"AttributeName":"x","AttributeType":"N"})";
  EXPECT_TRUE(has_key(hash, text));
  EXPECT_TRUE(has_key(hash, fmt::format("{},{}", other, text)));
  EXPECT_FALSE(has_key(hash, R"({"AttributeName":"id","AttributeType":"N"})"));
  EXPECT_FALSE(has_key(R"({"AttributeName":"x","KeyType":"HASH"})", text));
  EXPECT_FALSE(has_key(fmt::format(R"({},{{"AttributeName":"x","KeyType":"RANGE"}})", hash), text));
}

}  // namespace
}  // namespace quipu::remote::dynamo
