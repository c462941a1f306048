#include "aws/partiql_keys.h"

#include <gtest/gtest.h>

#include <string>

namespace quipu::aws::partiql {
namespace {

using table::SortOperator;
using value::Value;

table::TableSchema schema() {
  table::TableSchema schema;
  schema.name = "ttt";
  schema.partition_key = {.name = "h", .type = table::KeyType::string};
  schema.sort_key = {.name = "r", .type = table::KeyType::number};
  return schema;
}

Statement select(std::string_view where) {
  auto statement = parse_statement("SELECT * FROM ttt WHERE " + std::string{where}, {});
  EXPECT_TRUE(statement) << where;
  return statement ? *std::move(statement) : Statement{};
}

KeyBounds bounds_of(std::string_view where) {
  Statement statement = select(where);
  auto bounds = key_bounds(schema(), nullptr, statement);
  EXPECT_TRUE(bounds) << where;
  return bounds ? *std::move(bounds) : KeyBounds{};
}

std::string refusal(std::string_view where) {
  Statement statement = select(where);
  const auto bounds = key_bounds(schema(), nullptr, statement);
  return bounds ? "accepted" : bounds.error().message;
}

TEST(PartiqlKeys, EqualityAndAlternativesFixPartitions) {
  EXPECT_EQ(bounds_of("h = 'x'").partitions, std::vector{Value::string("x")});
  EXPECT_EQ(bounds_of("'x' = h").partitions, std::vector{Value::string("x")});
  const std::vector both{Value::string("y"), Value::string("x")};
  EXPECT_EQ(bounds_of("h IN ['y', 'x', 'y']").partitions, both);
  EXPECT_EQ(bounds_of("h = 'y' OR h = 'x'").partitions, both);
  for (const std::string_view all : {"a = 1", "h > 'x'", "h = 'x' OR a = 1", "NOT h = 'x'", "h = a"})
    EXPECT_TRUE(bounds_of(all).partitions.empty()) << all;
}

TEST(PartiqlKeys, TheSortKeyBoundsRowsAndTheRestIsAFilter) {
  const auto check = [](std::string_view where, SortOperator op, bool filters) {
    const KeyBounds bounds = bounds_of("h = 'x' AND " + std::string{where});
    EXPECT_EQ(bounds.sort.op, op) << where;
    EXPECT_EQ(bounds.filter.has_value(), filters) << where;
  };
  check("r = 1", SortOperator::equal, false);
  check("r > 1", SortOperator::greater, false);
  check("1 > r", SortOperator::less, false);
  check("r BETWEEN 1 AND 2", SortOperator::between, false);
  check("r >= 1 AND r <= 2", SortOperator::between, false);
  check("r > 1 AND r < 2", SortOperator::between, true);
  check("r > 2 AND r < 1", SortOperator::greater, true);
  check("r = 1 AND r = 2", SortOperator::equal, true);
  check("r <> 1", SortOperator::none, true);
  check("r IN [1, 2]", SortOperator::none, true);
  check("a = 1", SortOperator::none, true);
}

TEST(PartiqlKeys, ValuesOfKeysHaveTheKeysTypes) {
  EXPECT_EQ(refusal("h = 1"), "Key attribute's data type should match its data type in table's schema: Key h");
  EXPECT_EQ(refusal("h = 'x' AND begins_with(r, '1')"),
            "Key attribute's data type should match its data type in table's schema: Key r");
  EXPECT_EQ(refusal("h = 'x' AND r <> 'a'"),
            "One or more parameter values were invalid: Condition parameter type does not match schema type");
  EXPECT_EQ(
      refusal("h = ''"),
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
      "string value. Key: h");
}

TEST(PartiqlKeys, ASingleItemHasItsWholeKeyFixed) {
  const auto single = [](std::string_view where) {
    Statement statement = select(where);
    auto found = single_key(schema(), statement);
    return found ? *std::move(found) : std::nullopt;
  };
  ASSERT_TRUE(single("h = 'x' AND r = 1"));
  EXPECT_FALSE(single("h = 'x' AND r = 1")->condition);
  EXPECT_TRUE(single("(r = 1 AND a = 2) AND h = 'x'")->condition);
  EXPECT_EQ(single("h = 'x' AND r = 1 AND r = 2")->conflicting, "r");
  EXPECT_EQ(single("h = 'x' AND r = 1 AND r = 1")->conflicting, "");
  for (const std::string_view where : {"h = 'x'", "h = 'x' OR r = 1", "h = 'x' AND r > 1", "h IN ['x'] AND r = 1"})
    EXPECT_FALSE(single(where)) << where;
}

}  // namespace
}  // namespace quipu::aws::partiql
