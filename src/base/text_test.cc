#include "base/text.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu {
namespace {

TEST(Utf8, WellFormedTextIsValid) {
  for (const char* text : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "eight plain \xc3\xa9 and more"})
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  EXPECT_TRUE(is_valid_utf8(std::string_view{"\0", 1}));
}

TEST(Utf8, IllFormedTextIsNot) {
  for (const char* text : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe1\x80",
                           "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf1\x80\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\xff", "12345678\x80", "1234567\xc3"})
    EXPECT_FALSE(is_valid_utf8(text)) << text;
}

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t code_point = 0; code_point <= 0x10ffff; ++code_point) {
    if (code_point >= 0xd800 && code_point <= 0xdfff) continue;
    std::string text;
    append_utf8(text, code_point);
    ASSERT_EQ(utf8_sequence_bytes(text), text.size()) << std::hex << static_cast<std::uint32_t>(code_point);
    ASSERT_FALSE(is_valid_utf8(text.substr(0, text.size() - 1)) && text.size() > 1);
  }
}

TEST(Utf8, Utf16UnitsAreThoseOfJava) {
  EXPECT_EQ(utf16_units(""), 0);
  EXPECT_EQ(utf16_units("a\xc3\xa4\xe2\x82\xac"), 3);
  EXPECT_EQ(utf16_units("\xf0\x9f\x98\x80"), 2);
}

TEST(ParseInt64, ReadsTheWholeRange) {
  EXPECT_EQ(parse_int64("0"), 0);
  EXPECT_EQ(parse_int64("-1"), -1);
  EXPECT_EQ(parse_int64("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_int64("-9223372036854775808"), INT64_MIN);
}

TEST(ParseInt64, RefusesEverythingElse) {
  for (const char* text : {"", "-", "+1", "01", "00", "-0", "-01", " 1", "1 ", "1.0", "1e3", "0x1", "one", "1a",
                           "9223372036854775808", "-9223372036854775809", "99999999999999999999", "--1"})
    EXPECT_EQ(parse_int64(text), std::nullopt) << text;
}

TEST(ParseInt64, ReadsWhatIsAppended) {
  SeededRandom random{2};
  for (int i = 0; i < 10'000; ++i) {
    const auto value = static_cast<std::int64_t>(random()) >> random.below(64);
    std::string text = "before ";
    append_int64(text, value);
    EXPECT_EQ(parse_int64(std::string_view{text}.substr(7)), value);
  }
  std::string text;
  append_int64(text, INT64_MIN);
  append_uint64(text, UINT64_MAX);
  EXPECT_EQ(text, "-922337203685477580818446744073709551615");
}

TEST(Case, OnlyAsciiLettersAreFolded) {
  EXPECT_TRUE(equal_ignoring_ascii_case("Content-Length", "content-lENGTH"));
  EXPECT_FALSE(equal_ignoring_ascii_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_ascii_case("[", "{"));  // they differ by the bit that letters differ by
  EXPECT_FALSE(equal_ignoring_ascii_case("@", "`"));
  EXPECT_FALSE(equal_ignoring_ascii_case("\xc3\x89", "\xc3\xa9"));
}

TEST(Trim, TakesSpacesAndTabsOffBothEnds) {
  EXPECT_EQ(trim(" \ta b\t "), "a b");
  EXPECT_EQ(trim("x"), "x");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\nx"), "\nx");
}

TEST(Printable, NoNameForgesALineOrCommandsATerminal) {
  EXPECT_EQ(printable("plain \xc3\xa4 \xf0\x9f\x98\x80 \xc2\xa0"), "plain \xc3\xa4 \xf0\x9f\x98\x80 \xc2\xa0");
  EXPECT_EQ(printable("a\t1\nb\x1b[2J\x7f"), "a\\x091\\x0ab\\x1b[2J\\x7f");
  EXPECT_EQ(printable(std::string_view{"\0", 1}), "\\x00");
  EXPECT_EQ(printable("\xc2\x9bK"), "\\xc2\\x9bK");  // one character that is an escape and a bracket
  EXPECT_EQ(printable("a\\x0a"), "a\\\\x0a");        // not what a line feed looks like
  EXPECT_EQ(printable("\xff\xc2"), "\\xff\\xc2");
  EXPECT_EQ(printable(""), "");
}

}  // namespace
}  // namespace quipu
