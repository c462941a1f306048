#include "expression/key_condition.h"

#include <gtest/gtest.h>

#include "expression/test_support.h"

namespace quipu::expression {
namespace {

using SortOp = KeyCondition::SortOp;

Result<KeyCondition::Resolved> resolved(std::string_view text, std::optional<std::string_view> sort_name = "r") {
  Placeholders known = placeholders({{":v", s("x")}, {":w", s("z")}, {":a", s("a")}});
  QUIPU_TRY(const KeyCondition condition, KeyCondition::parse(text, known));
  return condition.resolve("p", sort_name);
}

std::string refusal(std::string_view text, std::optional<std::string_view> sort_name = "r") {
  return message_of(resolved(text, sort_name));
}

TEST(KeyCondition, HasOnePartitionAndAtMostOneRange) {
  const auto partition_only = resolved("p = :v", std::nullopt);
  ASSERT_TRUE(partition_only);
  EXPECT_EQ(partition_only->partition, s("x"));
  EXPECT_EQ(partition_only->sort_op, SortOp::none);

  const auto between = resolved("(r BETWEEN :a AND :v) AND p = :w");
  ASSERT_TRUE(between) << message_of(between);
  EXPECT_EQ(between->partition, s("z"));
  EXPECT_EQ(between->sort_op, SortOp::between);
  EXPECT_EQ(between->first, s("a"));
  EXPECT_EQ(between->second, s("x"));
}

TEST(KeyCondition, EveryOperatorOfTheSortKeyIsKnown) {
  const auto op = [](std::string_view text) {
    const auto result = resolved(fmt::format("p = :v AND {}", text));
    EXPECT_TRUE(result) << text << ": " << message_of(result);
    return result ? result->sort_op : SortOp::none;
  };
  EXPECT_EQ(op("r = :w"), SortOp::equal);
  EXPECT_EQ(op("r < :w"), SortOp::less);
  EXPECT_EQ(op("r <= :w"), SortOp::less_equal);
  EXPECT_EQ(op("r > :w"), SortOp::greater);
  EXPECT_EQ(op("r >= :w"), SortOp::greater_equal);
  EXPECT_EQ(op("begins_with(r, :w)"), SortOp::begins_with);
  EXPECT_EQ(op(":w < r"), SortOp::greater);
  EXPECT_EQ(op(":w >= r"), SortOp::less_equal);
}

TEST(KeyCondition, OtherOperatorsAreRefused) {
  const std::string invalid = "Invalid operator used in KeyConditionExpression: ";
  EXPECT_EQ(refusal("p = :v OR r = :v"), invalid + "OR");
  EXPECT_EQ(refusal("p = :v AND NOT r = :v"), invalid + "NOT");
  EXPECT_EQ(refusal("p = :v AND r <> :v"), invalid + "<>");
  EXPECT_EQ(refusal("p IN (:v)"), invalid + "IN");
  EXPECT_EQ(refusal("p = :v AND contains(r, :v)"), invalid + "contains");
  EXPECT_EQ(refusal("p = :v AND size(r) = :v"), "KeyConditionExpressions cannot contain nested operations");
}

TEST(KeyCondition, OnlyTheKeysThemselvesAreCompared) {
  const std::string invalid = "Invalid condition in KeyConditionExpression: ";
  EXPECT_EQ(refusal("p = r"), invalid + "Multiple attribute names used in one condition");
  EXPECT_EQ(refusal(":v = :w"), invalid + "No key attribute specified");
  EXPECT_EQ(refusal("p = :v AND begins_with(:v, r)"),
            invalid + "begins_with operator must have the key attribute as its first operand");
  EXPECT_EQ(refusal("p = :v AND :w BETWEEN r AND :v"),
            invalid + "BETWEEN operator must have the key attribute as its first operand");
  EXPECT_EQ(refusal("p.a = :v"),
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: p");
  EXPECT_EQ(refusal("p = :v AND a.b = :v"), "KeyConditionExpressions cannot have conditions on nested attributes");
}

TEST(KeyCondition, TheKeysMustBeThoseOfTheSchema) {
  EXPECT_EQ(refusal("r = :v"), "Query condition missed key schema element: p");
  EXPECT_EQ(refusal("p = :v AND q = :v"), "Query condition missed key schema element: r");
  EXPECT_EQ(refusal("p = :v AND q = :v", std::nullopt), "Query key condition not supported");
  EXPECT_EQ(refusal("p > :v"), "Query key condition not supported");
  EXPECT_EQ(refusal("p = :v AND p = :w"), "KeyConditionExpressions must only contain one condition per key");
  EXPECT_EQ(refusal("p = :v AND r = :v AND q = :v"), "Conditions can be of length 1 or 2 only");
  EXPECT_EQ(refusal("p"), R"(Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "p")");
}

}  // namespace
}  // namespace quipu::expression
