#include "gateway/parameters.h"

#include <gtest/gtest.h>

namespace quipu::gateway {
namespace {

struct Read {
  std::optional<std::string_view> a, b;
  Result<> result;
};

Read read(std::string_view query) {
  Read read;
  read.result = read_parameters(query, {{"a", read.a}, {"b", read.b}});
  return read;
}

TEST(Parameters, AreReadInAnyOrderAndMayBeMissing) {
  const Read both = read("b=2&a=1");
  EXPECT_TRUE(both.result);
  EXPECT_EQ(both.a, "1");
  EXPECT_EQ(both.b, "2");
  EXPECT_FALSE(read("").a);
}

// A mistyped `by` must not silently count by one.
TEST(Parameters, AnUnknownOneIsRefusedByNameWithWhatIsKnown) {
  const Read wrong = read("a=1&c=2");
  ASSERT_FALSE(wrong.result);
  EXPECT_EQ(wrong.result.error().message, "unknown parameter \"c\"; this request knows: a, b");
}

TEST(Parameters, OneGivenTwiceIsRefused) {
  EXPECT_FALSE(read("a=1&a=1").result);
}

TEST(Parameters, IntegersHaveTheRangeOf64BitsAndOneSpelling) {
  EXPECT_EQ(*parse_integer("by", "-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(*parse_integer("by", "%31"), 1);
  for (const auto* wrong : {"", "abc", "1.5", "1e3", "0x1", "9223372036854775808", "+1", "1 ", "%zz"})
    EXPECT_FALSE(parse_integer("by", wrong)) << wrong;
}

TEST(Parameters, NamesArePercentDecodedUtf8WithinTheirLimit) {
  std::string name;
  ASSERT_TRUE(decode_name("counter", "a%2Fb%C3%A4+c", name));
  EXPECT_EQ(name, "a/b\xc3\xa4 c");
  EXPECT_TRUE(decode_name("counter", std::string(1024, 'x'), name));
  EXPECT_FALSE(decode_name("counter", std::string(1025, 'x'), name));
  EXPECT_FALSE(decode_name("counter", "%ff", name));
  EXPECT_FALSE(decode_name("counter", "%4", name));
}

}  // namespace
}  // namespace quipu::gateway
