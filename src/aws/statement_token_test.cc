#include "aws/statement_token.h"

#include <gtest/gtest.h>

namespace quipu::aws {
namespace {

constexpr std::string_view statement = "SELECT * FROM ttt";

StatementToken sample() {
  value::Item key;
  key.set("h", value::Value::string("x"));
  return {.range = 3, .key = std::move(key)};
}

TEST(StatementToken, ComesBackAsItWas) {
  const auto token = decode_token(encode_token(sample(), statement), statement);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->range, 3U);
  EXPECT_EQ(token->key, sample().key);
  const auto without_key = decode_token(encode_token({.range = 1, .key = {}}, statement), statement);
  ASSERT_TRUE(without_key);
  EXPECT_FALSE(without_key->key);
}

TEST(StatementToken, IsGoodForItsOwnStatementOnly) {
  const auto token = decode_token(encode_token(sample(), statement), "SELECT * FROM other");
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().message, "Invalid NextToken");
}

TEST(StatementToken, DamageIsNoticed) {
  const std::string whole = encode_token(sample(), statement);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(decode_token(damaged, statement)) << i;
    EXPECT_FALSE(decode_token(whole.substr(0, i), statement)) << i;
  }
}

}  // namespace
}  // namespace quipu::aws
