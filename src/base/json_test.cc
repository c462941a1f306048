#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/random.h"
#include "base/text.h"

namespace quipu {
namespace {

// A copy with nothing behind its last byte, so that the address sanitizer sees a reader that goes too far.
class ExactText {
 public:
  explicit ExactText(std::string_view text) : size_{text.size()}, bytes_{std::make_unique<char[]>(size_)} {
    text.copy(bytes_.get(), size_);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

// Reads any value and writes it again; false if the reader refused it.
bool copy_value(JsonReader& in, JsonWriter& out) {
  std::string_view text;
  bool boolean = false;
  switch (in.peek_type()) {
    case JsonType::object:
      if (!in.begin_object()) return false;
      out.begin_object();
      while (in.next_member(text)) {
        out.member(text);
        if (!copy_value(in, out)) return false;
      }
      if (!in.failed()) out.end_object();
      break;
    case JsonType::array:
      if (!in.begin_array()) return false;
      out.begin_array();
      while (in.next_element())
        if (!copy_value(in, out)) return false;
      if (!in.failed()) out.end_array();
      break;
    case JsonType::string:
      if (in.read_string(text)) out.string(text);
      break;
    case JsonType::number:
      if (in.read_number(text)) out.raw_number(text);
      break;
    case JsonType::boolean:
      if (in.read_bool(boolean)) out.boolean(boolean);
      break;
    case JsonType::null:
    case JsonType::none:
      if (in.read_null()) out.null();
      break;
  }
  return !in.failed();
}

// What the text says in compact form, or the reader's error.
std::string compact(std::string_view text) {
  const ExactText exact{text};
  JsonReader in{exact.view()};
  std::string copy;
  JsonWriter out{copy};
  copy_value(in, out);
  if (!in.finish()) return in.error_message();
  EXPECT_TRUE(out.complete());
  return copy;
}

bool is_json(std::string_view text) {
  const ExactText exact{text};
  JsonReader in{exact.view()};
  const bool skipped = in.skip_value() && in.finish();
  JsonReader again{exact.view()};
  std::string copy;
  JsonWriter out{copy};
  const bool copied = copy_value(again, out) && again.finish();
  EXPECT_EQ(skipped, copied) << text;
  return skipped;
}

std::string read_string(std::string_view text) {
  const ExactText exact{text};
  JsonReader in{exact.view()};
  std::string_view value;
  if (!in.read_string(value) || !in.finish()) return "! " + in.error_message();
  return std::string{value};
}

std::string read_int64(std::string_view text) {
  const ExactText exact{text};
  JsonReader in{exact.view()};
  std::int64_t value = 0;
  if (!in.read_int64(value) || !in.finish()) return in.error_message();
  return std::to_string(value);
}

TEST(JsonReaderTest, ReadsATypedObject) {
  JsonReader in{R"( { "counter" : "orders" , "by":-5, "ok":true, "max":null, "tags":["a","b"] } )"};
  std::string_view name;
  std::string_view counter;
  std::int64_t by = 0;
  bool ok = false;
  std::vector<std::string> tags;
  ASSERT_TRUE(in.begin_object());
  while (in.next_member(name)) {
    if (name == "counter")
      in.read_string(counter);
    else if (name == "by")
      in.read_int64(by);
    else if (name == "ok")
      in.read_bool(ok);
    else if (name == "max")
      in.read_null();
    else if (name == "tags") {
      std::string_view tag;
      in.begin_array();
      while (in.next_element())
        if (in.read_string(tag)) tags.emplace_back(tag);
    } else {
      in.fail("unknown member");
    }
  }
  EXPECT_TRUE(in.finish()) << in.error_message();
  EXPECT_EQ(counter, "orders");
  EXPECT_EQ(by, -5);
  EXPECT_TRUE(ok);
  EXPECT_EQ(tags, (std::vector<std::string>{"a", "b"}));
}

TEST(JsonReaderTest, ErrorNamesThePlace) {
  EXPECT_EQ(read_int64(R"("5")"), "expected a number at byte 0");
  EXPECT_EQ(compact(R"({"a":1,})"), "expected a member's name in quotes at byte 7");
  EXPECT_EQ(compact("[1 2]"), "expected ',' or ']' at byte 3");
  EXPECT_EQ(compact(R"({"a" 1})"), "expected ':' at byte 5");
  EXPECT_EQ(compact(R"({"a":1)"), "expected ',' or '}' at byte 6, where the text ends");
  EXPECT_EQ(compact("1 1"), "expected the end of the text at byte 2");
  EXPECT_EQ(compact(""), "expected null at byte 0, where the text ends");
  EXPECT_EQ(compact("\"a\nb\""), "a control character must be escaped at byte 2");
  EXPECT_EQ(compact("01"), "a number must not begin with zeros at byte 0");
}

TEST(JsonReaderTest, FirstErrorStaysAndCallsAfterItDoNothing) {
  JsonReader in{R"({"a":"text","b":2})"};
  std::string_view name;
  std::int64_t number = 77;
  std::string_view text = "untouched";
  bool boolean = true;
  in.begin_object();
  ASSERT_TRUE(in.next_member(name));
  EXPECT_FALSE(in.read_int64(number));
  EXPECT_EQ(in.error_offset(), 5u);
  EXPECT_FALSE(in.fail("later"));
  EXPECT_FALSE(in.next_member(name));
  EXPECT_FALSE(in.next_element());
  EXPECT_FALSE(in.begin_object());
  EXPECT_FALSE(in.begin_array());
  EXPECT_FALSE(in.read_string(text));
  EXPECT_FALSE(in.read_bool(boolean));
  EXPECT_FALSE(in.read_null());
  EXPECT_FALSE(in.skip_value());
  EXPECT_FALSE(in.finish());
  EXPECT_EQ(in.peek_type(), JsonType::none);
  EXPECT_EQ(in.error_message(), "expected a number at byte 5");
  EXPECT_EQ(in.error().error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(number, 77);
  EXPECT_EQ(text, "untouched");
  EXPECT_TRUE(boolean);
}

TEST(JsonReaderTest, CallersOwnErrorIsAtWhatWasReadLast) {
  JsonReader in{R"({"a": -5})"};
  std::string_view name;
  std::int64_t number = 0;
  in.begin_object();
  in.next_member(name);
  in.read_int64(number);
  EXPECT_FALSE(in.fail("expected a positive number"));
  EXPECT_EQ(in.error_message(), "expected a positive number at byte 6");
}

TEST(JsonReaderTest, GoodJsonIsRead) {
  for (const char* text : {"{}",
                           "[]",
                           " [ ] ",
                           "\t\r\n{}",
                           R"({"":0})",
                           R"({"a":{"b":[{}]}})",
                           "[[],[],{}]",
                           "null",
                           "true",
                           "false",
                           R"("")",
                           "0",
                           "-0",
                           "1.5",
                           "1e5",
                           "1E+5",
                           "1.5e-05",
                           "-12.0",
                           "\"\x7f\"",
                           R"({"a":1,"a":2})",
                           "[null,true,false]"})
    EXPECT_TRUE(is_json(text)) << text;
}

TEST(JsonReaderTest, BrokenStructureIsRefused) {
  for (const char* text : {"",         " ",          "{",
                           "[",        "}",          "]",
                           "{]",       "[}",         "[1,]",
                           "[,1]",     "[,]",        "{,}",
                           R"({"a"})", R"({"a":})",  R"({"a":1,})",
                           "{a:1}",    "{'a':1}",    "{1:1}",
                           "[1,,2]",   R"([1 "a"])", R"({"a":1 "b":2})",
                           "[1]]",     "{}{}",       "1 2"})
    EXPECT_FALSE(is_json(text)) << text;
}

TEST(JsonReaderTest, BrokenNumbersAreRefused) {
  for (const char* text :
       {"01", "-01", "-", "+1", ".5", "5.", "1.e5", "1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity"})
    EXPECT_FALSE(is_json(text)) << text;
}

TEST(JsonReaderTest, BrokenStringsAreRefused) {
  for (const char* text : {"\"", "\"a", "'a'", R"("\")", R"("\x")", R"("\u12")", R"("\u12g4")", "\"\t\"", "\"\x01\"",
                           "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\""})
    EXPECT_FALSE(is_json(text)) << text;
  EXPECT_FALSE(is_json(std::string_view{"\"\0\"", 3}));
}

TEST(JsonReaderTest, StrayTextIsRefused) {
  for (const char* text : {"nul", "nulll", "True", "tru", "// c\n1", "/**/1", "\xef\xbb\xbf{}", "\v1", "\f1"})
    EXPECT_FALSE(is_json(text)) << text;
  EXPECT_FALSE(is_json(std::string_view{"1\0", 2}));
}

TEST(JsonReaderTest, EveryCutOfAGoodTextIsRefused) {
  constexpr std::string_view whole =
      R"({"counter":"caf\u00e9 \ud83d\ude00 é😀 plain words","list":[1,-2.5e10,true,false,null,{}],"o":{"a":"\n"}})";
  ASSERT_TRUE(is_json(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(is_json(whole.substr(0, size))) << size;
}

TEST(JsonReaderTest, EveryChangedByteIsReadOrRefused) {
  constexpr std::string_view whole = R"({"a":"\u00e9\ud83d\ude00é","list":[1,-2.5e10,true,null,{}]})";
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed{whole};
      changed[at] = static_cast<char>(byte);
      is_json(changed);  // the two ways to read it agree
    }
  }
}

TEST(JsonReaderTest, EscapesAreDecoded) {
  EXPECT_EQ(read_string(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read_string(R"("\u0041\u00e9\u20ac\uFFFF")"), "A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf");
  EXPECT_EQ(read_string(R"("\ud83d\ude00\uD83D\uDE00")"), "\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
  EXPECT_EQ(read_string(R"("\ud800\udc00\udbff\udfff")"), "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
  EXPECT_EQ(read_string(R"("before \n between \n after")"), "before \n between \n after");
  EXPECT_EQ(read_string(R"("\u0000")"), std::string(1, '\0'));
}

TEST(JsonReaderTest, HalfASurrogatePairIsRefused) {
  for (const char* text : {R"("\ud83d")", R"("\ud83dx")", R"("\ud83d\n")", R"("\ud83d\u0041")", R"("\ude00")",
                           R"("\ud83d\ud83d")", R"("\ude00\ud83d")", R"("\ud83d\u")"})
    EXPECT_EQ(read_string(text), "! half of a surrogate pair at byte 1") << text;
}

// Strings are scanned eight bytes at a time: what is special is found at every offset, and never beyond the end.
TEST(JsonReaderTest, SpecialBytesAreFoundAtEveryOffset) {
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 20; ++after) {
      const std::string head(before, 'a');
      const std::string tail(after, '~');
      const auto read = [&](std::string_view middle) {
        return read_string(fmt::format("\"{}{}{}\"", head, middle, tail));
      };
      for (const char* plain : {"\xc3\xa9", "!#[] ", "\x7f"})
        EXPECT_EQ(read(plain), fmt::format("{}{}{}", head, plain, tail));
      EXPECT_EQ(read("\\n"), fmt::format("{}\n{}", head, tail));
      EXPECT_EQ(read("\x1f"), fmt::format("! a control character must be escaped at byte {}", before + 1));
      EXPECT_EQ(read("\x80"), fmt::format("! the string is not UTF-8 at byte {}", before + 1));
    }
  }
}

TEST(JsonReaderTest, StringWithoutEscapesIsAViewIntoTheText) {
  const std::string text = R"({"name":"value"})";
  JsonReader in{text};
  std::string_view name;
  std::string_view value;
  in.begin_object();
  in.next_member(name);
  in.read_string(value);
  EXPECT_EQ(name.data(), text.data() + 2);
  EXPECT_EQ(value.data(), text.data() + 9);
}

TEST(JsonReaderTest, BadUtf8IsFoundAmongGood) {
  const std::string good = "\xd0\xb0\xe2\x82\xac\xf0\x9f\x98\x80";
  EXPECT_EQ(read_string('"' + good + '"'), good);
  EXPECT_EQ(read_string('"' + good + "\xc3\"" + good + '"'), "! the string is not UTF-8 at byte 10");
  EXPECT_EQ(read_string('"' + good + "\\n" + good + "\xc1\xbf\""), "! the string is not UTF-8 at byte 21");
}

// A decoder keeps the name in hand while it reads the value.
TEST(JsonReaderTest, NameHoldsWhileItsValueIsRead) {
  JsonReader in{R"({"n\u0061me":"v\u0061lue"})"};
  std::string_view name;
  std::string_view value;
  in.begin_object();
  in.next_member(name);
  in.read_string(value);
  EXPECT_EQ(name, "name");
  EXPECT_EQ(value, "value");
}

TEST(JsonReaderTest, IntegersAreTheirWholeRangeAndNothingElse) {
  EXPECT_EQ(read_int64("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(read_int64("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(read_int64("-0"), "0");
  EXPECT_EQ(read_int64("9223372036854775808"),
            "expected an integer from -9223372036854775808 to 9223372036854775807 at byte 0");
  for (const char* text : {"1.0", "1e3", "1E3", "0.5", "1e-1"})
    EXPECT_EQ(read_int64(text), "expected an integer without fraction and exponent at byte 0") << text;
}

TEST(JsonReaderTest, NumbersAreHandedOutAsWritten) {
  JsonReader in{"[-0.10e+05, 12345678901234567890123456789012345678]"};
  std::string_view text;
  in.begin_array();
  in.next_element();
  EXPECT_TRUE(in.read_number(text));
  EXPECT_EQ(text, "-0.10e+05");
  in.next_element();
  EXPECT_TRUE(in.read_number(text));
  EXPECT_EQ(text, "12345678901234567890123456789012345678");
}

TEST(JsonReaderTest, SkippedValuesAreCheckedToo) {
  const std::string text = R"({"skip":{"a":[1,{"b":"x"}],"c":"\n"},"keep":5})";
  JsonReader in{text};
  std::string_view name;
  std::int64_t keep = 0;
  in.begin_object();
  in.next_member(name);
  EXPECT_TRUE(in.skip_value());
  ASSERT_TRUE(in.next_member(name));
  EXPECT_EQ(name, "keep");
  EXPECT_TRUE(in.read_int64(keep));
  EXPECT_FALSE(in.next_member(name));
  EXPECT_TRUE(in.finish());
  EXPECT_EQ(keep, 5);
  EXPECT_EQ(compact(R"({"skip":[1,]})"), "expected null at byte 11");
}

TEST(JsonReaderTest, DepthIsLimited) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(is_json(nested(json_depth_max)));
  EXPECT_EQ(compact(nested(json_depth_max + 1)), "more than 64 objects and arrays inside each other at byte 64");
  std::string objects;
  for (std::size_t i = 0; i <= json_depth_max; ++i) objects += R"({"a":)";
  EXPECT_FALSE(is_json(objects));
  // The text of an attack: depth costs neither stack nor memory.
  EXPECT_FALSE(is_json(std::string(1'000'000, '[')));
}

TEST(JsonReaderDeathTest, ReadingWhereNoValueStandsAborts) {
  EXPECT_DEATH(
      {
        JsonReader in{R"({"a":1})"};
        bool value = false;
        in.begin_object();
        in.read_bool(value);
      },
      "a value is read where none can stand");
  EXPECT_DEATH(
      {
        JsonReader in{R"({"a":1,"b":2})"};
        std::string_view name;
        in.begin_object();
        in.next_member(name);
        in.next_member(name);
      },
      "not between members");
}

TEST(JsonWriterTest, WritesCompactJson) {
  std::string text = "body: ";
  JsonWriter out{text};
  out.begin_object();
  out.member("counter").string("a\"b");
  out.member("new_value").int64(INT64_MIN);
  out.member("list").begin_array().uint64(UINT64_MAX).boolean(true).null().begin_object().end_object().end_array();
  out.member("number").raw_number("1.50");
  EXPECT_FALSE(out.complete());
  out.end_object();
  EXPECT_TRUE(out.complete());
  EXPECT_EQ(text, R"(body: {"counter":"a\"b","new_value":-9223372036854775808,)"
                  R"("list":[18446744073709551615,true,null,{}],"number":1.50})");
}

TEST(JsonWriterTest, EveryByteOfAsciiComesBack) {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all.push_back(static_cast<char>(c));
  all += "\xc3\xa9\xf0\x9f\x98\x80";
  std::string text;
  JsonWriter{text}.string(all);
  EXPECT_EQ(read_string(text), all);
  EXPECT_NE(text.find(R"(\u0000\u0001)"), std::string::npos);
  EXPECT_NE(text.find(R"(\b\t\n\u000b\f\r)"), std::string::npos);
}

TEST(JsonWriterTest, EscapesDoNotDependOnWhereTheyStand) {
  for (std::size_t size = 1; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char byte : {'"', '\\', '\x01', '\x1f', ' ', '!', '#', '[', ']', '\x7f'}) {
        for (const char around : {'x', '\x1e', '~'}) {
          std::string text(size, around);
          text[at] = byte;
          std::string expected = "\"";
          for (const char c : text) {
            std::string one;
            append_json_string(one, std::string_view{&c, 1});
            expected += one.substr(1, one.size() - 2);
          }
          std::string written;
          append_json_string(written, ExactText{text}.view());
          ASSERT_EQ(written, expected + '"') << size << " " << at;
        }
      }
    }
  }
}

TEST(JsonWriterDeathTest, WhatIsNotJsonAborts) {
  std::string text;
  EXPECT_DEATH(JsonWriter{text}.int64(1).int64(2), "a second value");
  EXPECT_DEATH(JsonWriter{text}.begin_object().int64(1), "a value without a name");
  EXPECT_DEATH(JsonWriter{text}.begin_object().member("a").member("b"), "name b");
  EXPECT_DEATH(JsonWriter{text}.begin_array().member("a"), "name a");
  EXPECT_DEATH(JsonWriter{text}.begin_array().end_object(), "at depth 1");
  EXPECT_DEATH(JsonWriter{text}.begin_object().member("a").end_object(), "at depth 1");
}

// A random value: written, read and written again it is the same text.
void write_random(SeededRandom& random, JsonWriter& out, int depth) {
  const auto random_text = [&random] {
    std::string text;
    for (std::uint64_t i = random.below(12); i > 0; --i) {
      const auto code_point = static_cast<char32_t>(random.below(random.below(2) == 0 ? 0x80 : 0xd800));
      append_utf8(text, code_point);
    }
    return text;
  };
  switch (random.below(depth > 6 ? 4 : 6)) {
    case 0: out.string(random_text()); return;
    case 1: out.int64(static_cast<std::int64_t>(random())); return;
    case 2: out.boolean(random.below(2) == 0); return;
    case 3: out.null(); return;
    case 4:
      out.begin_array();
      for (std::uint64_t i = random.below(5); i > 0; --i) write_random(random, out, depth + 1);
      out.end_array();
      return;
    default:
      out.begin_object();
      for (std::uint64_t i = random.below(5); i > 0; --i) {
        out.member(random_text());
        write_random(random, out, depth + 1);
      }
      out.end_object();
  }
}

TEST(Json, WhatIsWrittenIsReadAsTheSame) {
  SeededRandom random{3};
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    JsonWriter out{text};
    write_random(random, out, 0);
    ASSERT_EQ(compact(text), text) << "round " << round;
  }
}

}  // namespace
}  // namespace quipu
