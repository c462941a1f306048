#include "aws/json_members.h"

#include "aws/attribute_json.h"
#include "aws/json_integer.h"

namespace quipu::aws {

std::optional<std::string_view> string_member(const JsonNode& node, std::string_view name) {
  const JsonNode* member = node.find(name);
  if (member == nullptr) return std::nullopt;
  return member->text();
}

std::optional<std::int64_t> integer_member(const JsonNode& node, std::string_view name) {
  const JsonNode* member = node.find(name);
  if (member == nullptr) return std::nullopt;
  return integer_of(*member);
}

std::optional<bool> boolean_member(const JsonNode& node, std::string_view name) {
  const JsonNode* member = node.find(name);
  if (member == nullptr) return std::nullopt;
  return member->is(JsonType::boolean) ? member->as_boolean() : read_boolean_word(member->text());
}

std::string_view string_member_or(const JsonNode& node, std::string_view name, std::string_view otherwise) {
  return string_member(node, name).value_or(otherwise);
}

std::int64_t integer_member_or(const JsonNode& node, std::string_view name, std::int64_t otherwise) {
  return integer_member(node, name).value_or(otherwise);
}

bool boolean_member_or(const JsonNode& node, std::string_view name, bool otherwise) {
  return boolean_member(node, name).value_or(otherwise);
}

}  // namespace quipu::aws
