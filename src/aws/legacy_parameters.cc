#include "aws/legacy_parameters.h"

#include "aws/attribute_json.h"
#include "aws/json_members.h"
#include "aws/request_parts.h"
#include "expression/legacy.h"

namespace quipu::aws {

namespace {

using expression::ExpectedAttribute;
using expression::LegacyComparison;

Answer<std::vector<value::Value>> read_values(const JsonNode& list) {
  std::vector<value::Value> values;
  for (const JsonNode& element : list.elements()) QUIPU_CHECK(read_value(element, values.emplace_back()));
  return values;
}

Answer<std::vector<LegacyComparison>> read_comparisons(const JsonNode& conditions) {
  std::vector<LegacyComparison> comparisons;
  for (const JsonMember& member : conditions.members()) {
    LegacyComparison& comparison = comparisons.emplace_back();
    comparison.attribute = member.name;
    comparison.op = string_member_or(member.value, "ComparisonOperator", {});
    if (const JsonNode* list = member.value.find("AttributeValueList")) {
      QUIPU_TRY(comparison.values, read_values(*list));
    }
  }
  return comparisons;
}

Answer<std::vector<ExpectedAttribute>> read_expected_attributes(const JsonNode& expected) {
  std::vector<ExpectedAttribute> attributes;
  for (const JsonMember& member : expected.members()) {
    ExpectedAttribute& attribute = attributes.emplace_back();
    attribute.attribute = member.name;
    if (member.value.find("Exists") != nullptr) attribute.exists = boolean_member_or(member.value, "Exists", false);
    if (const JsonNode* value = member.value.find("Value")) QUIPU_CHECK(read_value(*value, attribute.value.emplace()));
    if (const JsonNode* op = member.value.find("ComparisonOperator")) attribute.op = op->text();
    if (const JsonNode* list = member.value.find("AttributeValueList")) {
      QUIPU_TRY(attribute.values, read_values(*list));
    }
  }
  return attributes;
}

// ConditionalOperator needs two conditions to stand between.
Answer<bool> read_any(const JsonNode& input, std::size_t conditions) {
  const JsonNode* op = input.find("ConditionalOperator");
  if (op == nullptr) return false;
  if (conditions == 0) return validation("ConditionalOperator cannot be used without Filter or Expected");
  if (conditions == 1)
    return validation("ConditionalOperator can only be used when Filter or Expected has two or more elements");
  return op->text() == "OR";
}

}  // namespace

Answer<std::optional<expression::Condition>> read_expected(const JsonNode& input) {
  const JsonNode* expected = input.find("Expected");
  const std::size_t count = expected != nullptr ? expected->members().size() : 0;
  std::vector<LegacyComparison> comparisons;
  if (count != 0) {
    QUIPU_TRY(auto attributes, read_expected_attributes(*expected));
    QUIPU_API_TRY(comparisons, expression::comparisons_of(std::move(attributes)));
  }
  QUIPU_TRY(const bool any, read_any(input, count));
  if (count == 0) return std::nullopt;
  QUIPU_API_TRY(auto condition, expression::condition_of(std::move(comparisons), any));
  return condition;
}

Answer<std::optional<expression::Condition>> read_filter(const JsonNode& input, std::string_view parameter) {
  const JsonNode* filter = input.find(parameter);
  const std::size_t count = filter != nullptr ? filter->members().size() : 0;
  std::vector<LegacyComparison> comparisons;
  if (count != 0) {
    QUIPU_TRY(comparisons, read_comparisons(*filter));
  }
  QUIPU_TRY(const bool any, read_any(input, count));
  if (count == 0) return std::nullopt;
  QUIPU_API_TRY(auto condition, expression::condition_of(std::move(comparisons), any));
  return condition;
}

Answer<std::optional<expression::Update>> read_attribute_updates(const JsonNode& input) {
  const JsonNode* updates = input.find("AttributeUpdates");
  if (updates == nullptr) return std::nullopt;
  std::vector<expression::LegacyUpdate> read;
  for (const JsonMember& member : updates->members()) {
    expression::LegacyUpdate& update = read.emplace_back();
    update.attribute = member.name;
    const std::string_view action = string_member_or(member.value, "Action", {});
    update.action = action.empty() ? "PUT" : action;
    if (const JsonNode* value = member.value.find("Value")) QUIPU_CHECK(read_value(*value, update.value.emplace()));
  }
  QUIPU_API_TRY(auto update, expression::update_of(std::move(read)));
  return update;
}

Answer<std::optional<expression::KeyCondition>> read_key_conditions(const JsonNode& input) {
  const JsonNode* conditions = input.find("KeyConditions");
  if (conditions == nullptr) return std::nullopt;
  QUIPU_TRY(auto comparisons, read_comparisons(*conditions));
  QUIPU_API_TRY(auto condition, expression::key_condition_of(std::move(comparisons)));
  return condition;
}

}  // namespace quipu::aws
