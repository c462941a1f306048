#include "expression/legacy.h"

#include <gtest/gtest.h>

#include "expression/test_support.h"

namespace quipu::expression {
namespace {

const std::string invalid = "One or more parameter values were invalid: ";

const value::Item& sample() {
  static const value::Item value = item({{"num", n("1")},
                                         {"text", s("hello")},
                                         {"words", ss({"a", "b"})},
                                         {"elements", list({n("1"), s("x")})},
                                         {"nothing", value::Value::null()}});
  return value;
}

bool holds(std::string_view attribute, std::string_view op, std::vector<value::Value> values = {}) {
  const auto condition = condition_of({{std::string{attribute}, std::string{op}, std::move(values)}}, false);
  EXPECT_TRUE(condition) << attribute << " " << op << ": " << message_of(condition);
  return condition && condition->matches(sample());
}

std::string refusal(std::string_view op, std::vector<value::Value> values) {
  return message_of(condition_of({{"num", std::string{op}, std::move(values)}}, false));
}

TEST(LegacyComparison, OperatorsMeanWhatExpressionsMean) {
  EXPECT_TRUE(holds("num", "EQ", {n("1")}));
  EXPECT_TRUE(holds("nope", "NE", {n("1")}));
  EXPECT_TRUE(holds("num", "LE", {n("1")}));
  EXPECT_FALSE(holds("num", "LT", {s("2")}));
  EXPECT_TRUE(holds("num", "IN", {n("7"), n("1")}));
  EXPECT_TRUE(holds("num", "BETWEEN", {n("0"), n("1")}));
  EXPECT_TRUE(holds("text", "BEGINS_WITH", {s("he")}));
  EXPECT_TRUE(holds("text", "CONTAINS", {s("ell")}));
  EXPECT_TRUE(holds("words", "CONTAINS", {s("b")}));
  EXPECT_TRUE(holds("elements", "CONTAINS", {n("1")}));
}

TEST(LegacyComparison, NullMeansThatThereIsNoAttribute) {
  EXPECT_TRUE(holds("nope", "NULL"));
  EXPECT_FALSE(holds("nothing", "NULL"));
  EXPECT_TRUE(holds("nothing", "NOT_NULL"));
}

TEST(LegacyComparison, NotContainsNeedsAnAttribute) {
  EXPECT_TRUE(holds("text", "NOT_CONTAINS", {s("zz")}));
  EXPECT_TRUE(holds("num", "NOT_CONTAINS", {s("zz")}));
  EXPECT_FALSE(holds("nope", "NOT_CONTAINS", {s("zz")}));
}

TEST(LegacyComparison, AllOrAnyMustHold) {
  const std::vector<LegacyComparison> both{{"num", "EQ", {n("1")}}, {"text", "EQ", {s("no")}}};
  EXPECT_FALSE(condition_of(both, false)->matches(sample()));
  EXPECT_TRUE(condition_of(both, true)->matches(sample()));
  EXPECT_EQ(condition_of(both, true)->attributes(), (std::vector<std::string>{"num", "text"}));
}

TEST(LegacyComparison, ArgumentsAreChecked) {
  EXPECT_EQ(refusal("EQ", {}), invalid + "Invalid number of argument(s) for the EQ ComparisonOperator");
  EXPECT_EQ(refusal("NULL", {n("1")}), invalid + "Invalid number of argument(s) for the NULL ComparisonOperator");
  EXPECT_EQ(refusal("BETWEEN", {n("1")}), invalid + "Invalid number of argument(s) for the BETWEEN ComparisonOperator");
  EXPECT_EQ(refusal("IN", {n("1"), s("x")}),
            invalid + "AttributeValues inside AttributeValueList must be of same type");
  EXPECT_EQ(refusal("LT", {ss({"a"})}), invalid + "ComparisonOperator LT is not valid for SS AttributeValue type");
  EXPECT_EQ(refusal("CONTAINS", {list({})}),
            invalid + "ComparisonOperator CONTAINS is not valid for L AttributeValue type");
  EXPECT_EQ(refusal("BEGINS_WITH", {n("1")}),
            invalid + "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type");
  EXPECT_EQ(refusal("BETWEEN", {n("2"), n("0")}),
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
  EXPECT_EQ(refusal("FOO", {n("1")}), "Comparison type does not exist in DynamoDB");
}

TEST(ExpectedAttribute, ValueAndExistsAreRewritten) {
  const auto comparisons = comparisons_of({{.attribute = "a", .value = n("1")},
                                           {.attribute = "b", .exists = true, .value = n("2")},
                                           {.attribute = "c", .exists = false},
                                           {.attribute = "d", .op = "LT", .values = {{n("3")}}},
                                           {.attribute = "e", .value = n("4"), .op = "GE"}});
  ASSERT_TRUE(comparisons);
  std::string seen;
  for (const LegacyComparison& comparison : *comparisons)
    seen += fmt::format("{} {} {}; ", comparison.attribute, comparison.op, comparison.values.size());
  EXPECT_EQ(seen, "a EQ 1; b EQ 1; c NULL 0; d LT 1; e GE 1; ");
}

TEST(ExpectedAttribute, FormsDoNotMix) {
  const auto refused = [](ExpectedAttribute attribute) { return message_of(comparisons_of({std::move(attribute)})); };
  EXPECT_EQ(refused({.attribute = "a"}), invalid + "Value must be provided when Exists is null for Attribute: a");
  EXPECT_EQ(refused({.attribute = "a", .exists = true}),
            invalid + "Value must be provided when Exists is true for Attribute: a");
  EXPECT_EQ(refused({.attribute = "a", .exists = false, .value = n("1")}),
            invalid + "Value cannot be used when Exists is false for Attribute: a");
  EXPECT_EQ(refused({.attribute = "a", .exists = true, .op = "EQ"}),
            invalid + "Exists and ComparisonOperator cannot be used together for Attribute: a");
  EXPECT_EQ(refused({.attribute = "a", .values = {{n("1")}}}),
            invalid + "AttributeValueList can only be used with a ComparisonOperator for Attribute: a");
  EXPECT_EQ(refused({.attribute = "a", .value = n("1"), .values = {{n("1")}}}),
            invalid + "Value and AttributeValueList cannot be used together for Attribute: a");
  EXPECT_EQ(refused({.attribute = "a", .op = "EQ"}),
            invalid + "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a");
}

value::Item updated(LegacyUpdate update) {
  value::Item after = sample();
  const auto parsed = update_of({std::move(update)});
  EXPECT_TRUE(parsed) << message_of(parsed);
  if (parsed) {
    EXPECT_TRUE(parsed->apply(after, SIZE_MAX));
  }
  return after;
}

std::string update_refusal(LegacyUpdate update) {
  value::Item after = sample();
  const auto parsed = update_of({std::move(update)});
  return parsed ? message_of(parsed->apply(after, SIZE_MAX)) : message_of(parsed);
}

TEST(LegacyUpdate, PutsAddsAndDeletes) {
  EXPECT_EQ(*updated({"num", "PUT", s("x")}).find("num"), s("x"));
  EXPECT_EQ(*updated({"a.b", "PUT", s("x")}).find("a.b"), s("x"));
  EXPECT_EQ(*updated({"num", "ADD", n("2")}).find("num"), n("3"));
  EXPECT_EQ(*updated({"new", "ADD", n("2")}).find("new"), n("2"));
  EXPECT_EQ(*updated({"words", "ADD", ss({"q"})}).find("words"), ss({"a", "b", "q"}));
  EXPECT_EQ(*updated({"words", "DELETE", ss({"a"})}).find("words"), ss({"b"}));
  EXPECT_EQ(updated({"words", "DELETE", ss({"a", "b"})}).find("words"), nullptr);
  EXPECT_EQ(updated({"num", "DELETE", std::nullopt}).find("num"), nullptr);
  EXPECT_EQ(updated({"nope", "DELETE", std::nullopt}), sample());
}

TEST(LegacyUpdate, AddsToListsToo) {
  EXPECT_EQ(*updated({"elements", "ADD", list({n("9")})}).find("elements"), list({n("1"), s("x"), n("9")}));
}

TEST(LegacyUpdate, MistakesHaveTheirMessages) {
  EXPECT_EQ(update_refusal({"num", "PUT", std::nullopt}),
            invalid + "Only DELETE action is allowed when no attribute value is specified");
  EXPECT_EQ(update_refusal({"num", "ADD", s("x")}), invalid + "ADD action is not supported for the type S");
  EXPECT_EQ(update_refusal({"num", "DELETE", n("1")}),
            invalid + "DELETE action with value is not supported for the type N");
  EXPECT_EQ(update_refusal({"text", "ADD", n("1")}), "Type mismatch for attribute to update");
  EXPECT_EQ(update_refusal({"words", "DELETE", *value::Value::number_set({*value::Number::parse("1")})}),
            "Type mismatch for attribute to update");
  EXPECT_EQ(update_refusal({"num", "FOO", n("1")}), "Member must satisfy enum value set: [ADD, DELETE, PUT]");
}

TEST(LegacyUpdate, NoUpdatesChangeNothing) {
  value::Item after = sample();
  const auto parsed = update_of({});
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->apply(after, SIZE_MAX));
  EXPECT_EQ(after, sample());
}

TEST(LegacyKeyCondition, IsResolvedLikeAnExpression) {
  const auto resolve = [](std::vector<LegacyComparison> comparisons) -> Result<KeyCondition::Resolved> {
    QUIPU_TRY(const KeyCondition condition, key_condition_of(std::move(comparisons)));
    return condition.resolve("p", "r");
  };
  const auto found = resolve({{"r", "BETWEEN", {n("1"), n("2")}}, {"p", "EQ", {s("x")}}});
  ASSERT_TRUE(found) << message_of(found);
  EXPECT_EQ(found->partition, s("x"));
  EXPECT_EQ(found->sort_op, KeyCondition::SortOp::between);
  EXPECT_EQ(found->second, n("2"));
  EXPECT_EQ(message_of(resolve({})), "Conditions can be of length 1 or 2 only");
  EXPECT_EQ(message_of(resolve({{"p", "LT", {s("x")}}})), "Query key condition not supported");
  EXPECT_EQ(message_of(resolve({{"p", "EQ", {s("x")}}, {"r", "CONTAINS", {s("x")}}})),
            "Attempted conditional constraint is not an indexable operation");
  EXPECT_EQ(message_of(resolve({{"p", "EQ", {}}})),
            invalid + "Invalid number of argument(s) for the EQ ComparisonOperator");
}

}  // namespace
}  // namespace quipu::expression
