#include "http/url.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace quipu::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs read_all(std::string_view query) {
  Pairs pairs;
  QueryReader reader{query};
  std::string_view name;
  std::string_view value;
  while (reader.next(name, value)) pairs.emplace_back(name, value);
  return pairs;
}

TEST(PercentDecode, DecodesAnyByte) {
  std::string out = "kept:";
  EXPECT_TRUE(percent_decode("a%20b%C3%a4%00+", out));
  EXPECT_EQ(out, std::string("kept:a b\xc3\xa4\0+", 12));
}

TEST(PercentDecode, MalformedEscapesAreErrorsAndAppendNothing) {
  for (const char* text : {"%", "a%", "a%1", "%g1", "%1g", "%%20", "ok%4"}) {
    std::string out = "kept";
    EXPECT_FALSE(percent_decode(text, out)) << text;
    EXPECT_EQ(out, "kept") << text;
  }
}

TEST(PercentDecode, PlusIsASpaceOnlyInQueries) {
  std::string out = "replaced";
  EXPECT_TRUE(decode_query("a+b%2B", out));
  EXPECT_EQ(out, "a b+");
}

TEST(PercentEncode, EveryByteComesBack) {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes.push_back(static_cast<char>(c));
  std::string encoded;
  percent_encode(bytes, encoded);
  EXPECT_TRUE(encoded.starts_with("%00%01"));
  std::string decoded;
  EXPECT_TRUE(percent_decode(encoded, decoded));
  EXPECT_EQ(decoded, bytes);
  EXPECT_TRUE(decode_query(encoded, decoded));
  EXPECT_EQ(decoded, bytes);
}

TEST(QueryReader, SplitsRawPairs) {
  EXPECT_EQ(read_all(""), Pairs{});
  EXPECT_EQ(read_all("&&"), Pairs{});
  EXPECT_EQ(read_all("a=1"), (Pairs{{"a", "1"}}));
  EXPECT_EQ(read_all("a=1&b=%26&&c&d=&=e&f=g=h&"),
            (Pairs{{"a", "1"}, {"b", "%26"}, {"c", ""}, {"d", ""}, {"", "e"}, {"f", "g=h"}}));
}

}  // namespace
}  // namespace quipu::http
