#include "aws/request_parts.h"

#include <algorithm>

#include "aws/attribute_json.h"

namespace quipu::aws {

namespace {

using expression::Condition;
using expression::Placeholders;
using expression::Projection;

std::string joined(const std::vector<std::string_view>& names, std::string_view separator) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += separator;
    text += name;
  }
  return text;
}

std::vector<std::string_view> present(const JsonNode& input, const ExpressionParameters::Names& names) {
  std::vector<std::string_view> found;
  for (const std::string_view name : names)
    if (!name.empty() && input.find(name) != nullptr) found.push_back(name);
  return found;
}

Answer<> check_not_mixed(const JsonNode& input, const ExpressionParameters& parameters) {
  const auto expressions = present(input, parameters.expressions);
  const auto others = present(input, parameters.others);
  if (expressions.empty() || others.empty()) return {};
  return validation(
      "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
      "{{{}}} "
      "Expression parameters: {{{}}}",
      joined(others, ", "), joined(expressions, ", "));
}

// "ConditionExpression is null", "UpdateExpression and ConditionExpression are null"
std::string all_null(const ExpressionParameters& parameters) {
  std::vector<std::string_view> names{parameters.with_values.begin(), parameters.with_values.end()};
  std::erase(names, std::string_view{});
  if (names.size() == 1) return fmt::format("{} is null", names.front());
  std::string text = joined({names.begin(), names.end() - 1}, ", ");
  return fmt::format("{} and {} are null", text, names.back());
}

}  // namespace

Answer<value::Item> item_member(const JsonNode& input, std::string_view name, std::string_view error_prefix) {
  value::Item item;
  const JsonNode* member = input.find(name);
  if (member == nullptr) return item;
  if (auto read = read_item(*member, item); !read) {
    ApiError error = std::move(read).error();
    error.message.insert(0, error_prefix);
    return std::unexpected(std::move(error));
  }
  return item;
}

Answer<Placeholders> read_placeholders(const JsonNode& input, const ExpressionParameters& parameters) {
  QUIPU_CHECK(check_not_mixed(input, parameters));
  Placeholders placeholders;
  const bool any = !present(input, parameters.expressions).empty();
  if (const JsonNode* names = input.find("ExpressionAttributeNames")) {
    if (!any) return validation("ExpressionAttributeNames can only be specified when using expressions");
    placeholders.expect_names();
    for (const JsonMember& name : names->members()) placeholders.add_name(name.name, name.value.text());
  }
  // An operation whose expressions have no values does not know the parameter.
  const bool knows_values = !parameters.with_values.front().empty();
  const JsonNode* values = knows_values ? input.find("ExpressionAttributeValues") : nullptr;
  if (values == nullptr) {
    QUIPU_API_CHECK(placeholders.check());
    return placeholders;
  }
  if (present(input, parameters.with_values).empty())
    return validation("ExpressionAttributeValues can only be specified when using expressions: {}",
                      all_null(parameters));
  placeholders.expect_values();
  for (const JsonMember& member : values->members()) {
    value::Value value;
    if (auto read = read_value(member.value, value); !read) {
      ApiError error = std::move(read).error();
      if (error.type == ErrorType::validation)
        error.message =
            fmt::format("ExpressionAttributeValues contains invalid value: {} for key {}", error.message, member.name);
      return std::unexpected(std::move(error));
    }
    placeholders.add_value(member.name, std::move(value));
  }
  QUIPU_API_CHECK(placeholders.check());
  return placeholders;
}

Answer<std::optional<Condition>> read_condition(const JsonNode& input, std::string_view parameter,
                                                Placeholders& placeholders) {
  const JsonNode* text = input.find(parameter);
  if (text == nullptr) return std::nullopt;
  QUIPU_API_TRY(auto condition, Condition::parse(parameter, text->text(), placeholders));
  return condition;
}

Answer<std::optional<Projection>> read_projection(const JsonNode& input, Placeholders& placeholders) {
  if (const JsonNode* text = input.find("ProjectionExpression")) {
    QUIPU_API_TRY(auto projection, Projection::parse(text->text(), placeholders));
    return projection;
  }
  const JsonNode* attributes = input.find("AttributesToGet");
  if (attributes == nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (const JsonNode& name : attributes->elements()) {
    if (std::ranges::find(names, name.text()) != names.end())
      return invalid_values("Duplicate value in attribute name: {}", name.text());
    names.emplace_back(name.text());
  }
  return Projection::of_attributes(names);
}

}  // namespace quipu::aws
