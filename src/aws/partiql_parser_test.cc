#include <gtest/gtest.h>

#include <string>

#include "aws/attribute_json.h"
#include "aws/partiql_lexer.h"
#include "aws/partiql_select.h"
#include "aws/partiql_statement.h"
#include "expression/condition.h"

namespace quipu::aws::partiql {
namespace {

using value::Item;
using value::Value;

Statement parsed(std::string_view text, const std::vector<Value>& parameters = {}) {
  auto statement = parse_statement(text, parameters);
  if (!statement) {
    ADD_FAILURE() << text << ": " << statement.error().error.message;
    return {};
  }
  return *std::move(statement);
}

std::string refusal(std::string_view text, const std::vector<Value>& parameters = {}) {
  const auto statement = parse_statement(text, parameters);
  return statement ? "accepted" : statement.error().error.message;
}

std::string malformed(std::string_view text) {
  return "Statement wasn't well formed, can't be processed: " + std::string{text};
}

std::string in_json(const Item& item) {
  std::string json;
  append_item(json, item);
  return json;
}

Item sample() {
  Item inside;
  inside.set("k", Value::number(5));
  Item item;
  item.set("a", Value::string("abc"));
  item.set("n", Value::number(7));
  item.set("u", Value::null());
  item.set("s", *Value::string_set({"x", "y"}));
  item.set("l", Value::list({Value::number(1), Value::list({Value::string("deep")})}));
  item.set("m", Value::map(std::move(inside)));
  return item;
}

bool holds(std::string_view condition, const std::vector<Value>& parameters = {}) {
  Statement statement = parsed("SELECT * FROM ttt WHERE " + std::string{condition}, parameters);
  if (statement.where == expression::no_node) return false;
  return expression::Condition{std::move(statement.condition), statement.where}.matches(sample());
}

TEST(Partiql, ConditionsMeanWhatTheirTwinsInExpressionsMean) {
  for (const std::string_view condition : {"a = 'abc'",
                                           "a <> 'x'",
                                           "a != 'x'",
                                           "n >= 7 AND n < 8",
                                           "7 <= n",
                                           "n BETWEEN 1 AND 7",
                                           "n IN [1, 7]",
                                           "n IN (7)",
                                           "n NOT IN [1, 2]",
                                           "NOT n = 1",
                                           "n NOT BETWEEN 8 AND 9",
                                           "u IS NULL",
                                           "gone IS NOT NULL",
                                           "gone IS MISSING",
                                           "a IS NOT MISSING",
                                           "a IS STRING",
                                           "n IS NOT STRING",
                                           "n IS NUMERIC",
                                           "m IS STRUCT",
                                           "begins_with(a, 'ab')",
                                           "BEGINS_WITH(\"a\", 'ab')",
                                           "contains(s, 'x')",
                                           "attribute_type(l, 'L')",
                                           "attribute_exists(a)",
                                           "size(a) = 3",
                                           "m.k = 5",
                                           "m['k'] = 5",
                                           "\"m\".\"k\" = 5",
                                           "l[1][0] = 'deep'",
                                           "l = [1, ['deep']]",
                                           "m = {'k': 5}",
                                           "s = <<'y', 'x'>>",
                                           "n = -(-7)",
                                           "n = +7.0",
                                           "(n = 1 OR n = 7) AND a = 'abc'",
                                           "a = 'abc' -- comment",
                                           "a /* comment */ = 'abc'",
                                           "n = .7e1",
                                           "n = 7."})
    EXPECT_TRUE(holds(condition)) << condition;
  for (const std::string_view condition : {"a = 'x'", "gone = 1", "gone IS NULL", "a IS MISSING", "NOT a = 'abc'",
                                           "a = 'abc' AND n = 1", "contains(s, 'z')", "n IN [1, 2]"})
    EXPECT_FALSE(holds(condition)) << condition;
}

TEST(Partiql, ParametersStandWhereTheyAre) {
  EXPECT_TRUE(holds("a = ? AND n IN [?, ?]", {Value::string("abc"), Value::number(1), Value::number(7)}));
  EXPECT_EQ(refusal("SELECT * FROM ttt WHERE a = ? AND n = ?", {Value::number(1)}),
            "Number of parameters in request and statement don't match.");
}

TEST(Partiql, InsertReadsEveryKindOfLiteral) {
  const Statement statement = parsed(
      "INSERT INTO \"ttt\" VALUE {'h': 'it''s', 'n': -1.5e3, 't': true, 'u': null, 'l': [1, 'x', [2]], "
      "'m': {'k': {'j': 1}}, 'ss': <<'b', 'a'>>, 'ns': <<1>>, 'p': ?}",
      {Value::binary("bytes")});
  EXPECT_EQ(statement.kind, StatementKind::insert);
  EXPECT_EQ(statement.table, "ttt");
  EXPECT_EQ(
      in_json(statement.item),
      R"({"h":{"S":"it's"},"l":{"L":[{"N":"1"},{"S":"x"},{"L":[{"N":"2"}]}]},"m":{"M":{"k":{"M":{"j":{"N":"1"}}}}},)"
      R"("n":{"N":"-1500"},"ns":{"NS":["1"]},"p":{"B":"Ynl0ZXM="},"ss":{"SS":["a","b"]},"t":{"BOOL":true},)"
      R"("u":{"NULL":true}})");
}

TEST(Partiql, UpdateSetsAndRemoves) {
  Statement statement = parsed(
      "UPDATE ttt SET n = n + 1 - 2 SET a = if_not_exists(b, 'new'), s = set_add(s, <<'z'>>) REMOVE m.k "
      "WHERE h = 'x' RETURNING MODIFIED NEW *");
  EXPECT_EQ(statement.returning, ReturnValues::updated_new);
  const expression::Update update{std::move(statement.change), std::move(statement.actions),
                                  expression::Update::Dialect::expression};
  Item item = sample();
  ASSERT_TRUE(update.apply(item, SIZE_MAX));
  EXPECT_EQ(item.find("n")->as_number().to_string(), "6");
  EXPECT_EQ(item.find("a")->as_string(), "new");
  EXPECT_EQ(item.find("s")->as_string_set().size(), 3U);
  EXPECT_TRUE(item.find("m")->as_map().empty());
}

TEST(Partiql, SelectShowsValuesByTheLastPartOfTheirPaths) {
  const Statement statement = parsed("SELECT m.k, l[0], l[1][0], a, gone FROM ttt.by_a ORDER BY h, r DESC");
  EXPECT_EQ(statement.index, "by_a");
  ASSERT_EQ(statement.order.size(), 2U);
  EXPECT_FALSE(statement.order[0].descending);
  EXPECT_TRUE(statement.order[1].descending);
  EXPECT_EQ(in_json(Selection(statement.selected, statement.paths).shown(sample())),
            R"({"a":{"S":"abc"},"k":{"N":"5"},"l[0]":{"N":"1"},"l[1]":{"L":[{"S":"deep"}]}})");
}

TEST(Partiql, WhatIsNoStatementIsToldWithItsText) {
  for (const std::string_view text :
       {"", "SELECT", "SELECT * FROM", "SELECT * FROM ttt WHERE", "SELECT user FROM ttt",
        "SELECT * FROM ttt WHERE a = 'open", "INSERT INTO ttt VALUE {'h': 'x'", "INSERT INTO ttt VALUES {'h': 'x'}",
        "UPDATE ttt WHERE h = 'x'", "UPDATE ttt ADD n 1", "DELETE ttt", "SELECT * FROM ttt; SELECT * FROM ttt",
        "SELECT a FROM ttt WHERE n = 1d0", "SELECT a FROM ttt WHERE a IN ()", "SELECT a FROM ttt WHERE a = ['x',]",
        "EXISTS(SELECT * FROM ttt"})
    EXPECT_EQ(refusal(text), malformed(text));
}

TEST(Partiql, RefusalsAreTheServicesOwn) {
  EXPECT_EQ(refusal("SELECT a AS b FROM ttt"), "Aliasing is not supported");
  EXPECT_EQ(refusal("SELECT size(a) FROM ttt"), "Unexpected path component at 1:8:4");
  EXPECT_EQ(refusal("SELECT a FROM ttt GROUP BY a"), "Unsupported clause: GROUP BY");
  EXPECT_EQ(refusal("SELECT a FROM ttt LIMIT 1"), "Unsupported clause: LIMIT at 1:25:1");
  EXPECT_EQ(refusal("SELECT m.k, k FROM ttt"), "Duplicate identifiers in select clause: k");
  EXPECT_EQ(
      refusal("SELECT m.k, m FROM ttt"),
      "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path "
      "two: [m, k]");
  EXPECT_EQ(refusal("SELECT a FROM ttt WHERE n"), "WHERE clause must contain an expression that resolves to a boolean");
  EXPECT_EQ(refusal("SELECT a FROM ttt WHERE n = 1 AND a"), "The arguments to AND/OR must be Expressions");
  EXPECT_EQ(refusal("SELECT a FROM ttt WHERE foo(a)"), "Unrecognized function: foo");
  EXPECT_EQ(
      refusal("SELECT a FROM ttt WHERE a = a"),
      "The first operand must be distinct from the remaining operands for this operator or function; operator: =, "
      "first operand: [a]");
  EXPECT_EQ(refusal("SELECT a FROM ttt WHERE a < true"),
            "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL");
  EXPECT_EQ(refusal("INSERT INTO ttt VALUE {'l': [?]}", {Value::number(1)}),
            "Unsupported data type: Parameter under key root.0 at 1:30:1");
  EXPECT_EQ(refusal("INSERT INTO ttt VALUE {'s': <<1, 'a'>>}"),
            "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags");
  EXPECT_EQ(refusal("INSERT INTO ttt VALUE {'h': 1, 'h': 2}"), "Duplicate keys in tuple. Key: h under root at 1:32:3");
  EXPECT_EQ(
      refusal("UPDATE ttt SET n = 1 SET n = 2"),
      "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [n], path "
      "two: [n]");
  EXPECT_EQ(refusal("DELETE FROM ttt RETURNING ALL NEW *"),
            "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements.");
  EXPECT_EQ(parsed("CREATE TABLE foo").operation, "CreateTable");
}

std::string times(std::string_view text, std::size_t count) {
  std::string all;
  while (count-- > 0) all += text;
  return all;
}

TEST(Partiql, DepthAndOperatorsHaveLimits) {
  const std::string beginning = "SELECT a FROM ttt WHERE ";
  const auto nested = [&](std::size_t depth) { return beginning + times("(", depth) + "a = 'x'" + times(")", depth); };
  // The condition and the literal are two more.
  EXPECT_EQ(refusal(nested(statement_depth_max - 2)), "accepted");
  EXPECT_EQ(refusal(nested(statement_depth_max)), malformed(nested(statement_depth_max)));
  EXPECT_EQ(refusal(beginning + times("NOT ", 301) + "a = 'x'"),
            "The expression contains too many operators; operator count: 301");
  const auto list = [](std::size_t depth) {
    return "INSERT INTO ttt VALUE {'l': " + times("[", depth) + "1" + times("]", depth) + "}";
  };
  EXPECT_EQ(refusal(list(value::nesting_depth_max)), "accepted");
  EXPECT_EQ(refusal(list(value::nesting_depth_max + 1)), "Nesting Levels have exceeded supported limits");
  EXPECT_EQ(refusal(list(4000)), malformed(list(4000)));
}

TEST(PartiqlLexer, KeywordsAreNoNamesUnlessQuoted) {
  EXPECT_TRUE(is_keyword("user"));
  EXPECT_TRUE(is_keyword("Value"));
  EXPECT_FALSE(is_keyword("name"));
  EXPECT_FALSE(is_keyword("status"));
  EXPECT_EQ(refusal("SELECT \"user\", name, m.\"value\" FROM \"ttt\""), "accepted");
}

TEST(PartiqlLexer, PlacesCountCharacters) {
  Lexer lexer{"'é'\n  abc"};
  EXPECT_EQ(lexer.token().place(), "1:1:3");
  lexer.advance();
  EXPECT_EQ(lexer.token().place(), "2:3:3");
}

}  // namespace
}  // namespace quipu::aws::partiql
