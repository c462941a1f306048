#include "aws/attribute_json.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "aws/base64.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace quipu::aws {

namespace {

using value::Item;
using value::Number;
using value::Type;
using value::Value;

constexpr std::string_view empty_value =
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
constexpr std::string_view several_types =
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
constexpr std::string_view too_deep =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";

// Where a value has several types the first error is told in this order.
constexpr auto order_of_errors =
    std::to_array<Type>({Type::string, Type::binary, Type::number, Type::boolean, Type::null, Type::binary_set,
                         Type::number_set, Type::string_set, Type::list, Type::map});

std::optional<Type> type_of_name(std::string_view name) {
  switch (name.size()) {
    case 1:
      switch (name[0]) {
        case 'S': return Type::string;
        case 'N': return Type::number;
        case 'B': return Type::binary;
        case 'M': return Type::map;
        case 'L': return Type::list;
        default: return std::nullopt;
      }
    case 2:
      if (name[1] != 'S') return std::nullopt;
      switch (name[0]) {
        case 'S': return Type::string_set;
        case 'N': return Type::number_set;
        case 'B': return Type::binary_set;
        default: return std::nullopt;
      }
    case 4:
      if (name == "NULL") return Type::null;
      if (name == "BOOL") return Type::boolean;
      return std::nullopt;
    default: return std::nullopt;
  }
}

// The service takes some words for booleans. Nothing: not one of them.
std::optional<bool> boolean_of(const JsonNode& node) {
  if (node.is(JsonType::boolean)) return node.as_boolean();
  if (!node.is(JsonType::string)) return std::nullopt;
  return read_boolean_word(node.text());
}

// As the service shows a set in its messages: [a, a].
std::string shown(std::span<const JsonNode> elements) {
  std::string text = "[";
  for (const JsonNode& element : elements) {
    if (text.size() > 1) text += ", ";
    text += element.text();
  }
  return text + "]";
}

// Null elements have no text of their own.
bool all_strings(std::span<const JsonNode> elements) {
  return std::ranges::all_of(elements, [](const JsonNode& element) { return element.is(JsonType::string); });
}

Answer<> read_number(const JsonNode& node, Number& number) {
  auto parsed = Number::parse(node.text());
  if (!parsed) return std::unexpected(to_api_error(std::move(parsed).error()));
  number = *parsed;
  return {};
}

Answer<> read_string_set(std::span<const JsonNode> elements, Value& value) {
  if (elements.empty()) return invalid_values("An string set  may not be empty");
  if (!all_strings(elements)) return invalid_values("An string set may not have a null string as a member");
  std::vector<std::string> strings;
  strings.reserve(elements.size());
  for (const JsonNode& element : elements) strings.emplace_back(element.text());
  auto set = Value::string_set(std::move(strings));
  if (!set) return invalid_values("Input collection {} contains duplicates.", shown(elements));
  value = *std::move(set);
  return {};
}

Answer<> read_number_set(std::span<const JsonNode> elements, Value& value) {
  if (elements.empty()) return invalid_values("An number set  may not be empty");
  if (!all_strings(elements)) return invalid_values("An number set may not have a null string as a member");
  std::vector<Number> numbers(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) QUIPU_CHECK(read_number(elements[i], numbers[i]));
  auto set = Value::number_set(std::move(numbers));
  if (!set) return validation("Input collection contains duplicates");
  value = *std::move(set);
  return {};
}

Answer<> read_binary_set(std::span<const JsonNode> elements, Value& value) {
  if (elements.empty()) return invalid_values("Binary sets should not be empty");
  if (!all_strings(elements)) return invalid_values("Binary sets may not contain null or empty values");
  std::vector<std::string> binaries(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) QUIPU_CHECK(decode_base64(elements[i].text(), binaries[i]));
  auto set = Value::binary_set(std::move(binaries));
  // There is no space before "of" in the service's message.
  if (!set) return invalid_values("Input collection {}of type BS contains duplicates.", shown(elements));
  value = *std::move(set);
  return {};
}

Answer<> read_at(const JsonNode& node, Value& value, std::size_t level);

// Members in the order of their names, so that each is appended to the item: the other way would take time in the
// square of their number.
class SortedMembers {
 public:
  explicit SortedMembers(std::span<const JsonMember> members) {
    if (members.size() > few_.size()) many_.resize(members.size());
    sorted_ = std::span{members.size() > few_.size() ? many_.data() : few_.data(), members.size()};
    std::ranges::transform(members, sorted_.begin(), [](const JsonMember& member) { return &member; });
    if (!std::ranges::is_sorted(members, {}, &JsonMember::name))
      std::ranges::sort(sorted_, {}, [](const JsonMember* member) { return member->name; });
  }
  SortedMembers(const SortedMembers&) = delete;
  SortedMembers& operator=(const SortedMembers&) = delete;

  auto begin() const { return sorted_.begin(); }
  auto end() const { return sorted_.end(); }

 private:
  std::array<const JsonMember*, 32> few_;
  std::vector<const JsonMember*> many_;
  std::span<const JsonMember*> sorted_;
};

Answer<> read_members(const JsonNode& node, Item& item, std::size_t level) {
  item.clear();
  for (const JsonMember* const member : SortedMembers{node.members()})
    QUIPU_CHECK(read_at(member->value, item.slot(member->name), level));
  return {};
}

Answer<> read_list(std::span<const JsonNode> elements, Value& value, std::size_t level) {
  Value::List& list = value.set_list();
  list.resize(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) QUIPU_CHECK(read_at(elements[i], list[i], level));
  return {};
}

bool has_json_type(Type type, const JsonNode& node) {
  switch (type) {
    case Type::string:
    case Type::number:
    case Type::binary: return node.is(JsonType::string);
    case Type::null:
    case Type::boolean: return boolean_of(node).has_value();
    case Type::string_set:
    case Type::number_set:
    case Type::binary_set:
    case Type::list: return node.is(JsonType::array);
    case Type::map: return node.is(JsonType::object);
  }
  std::unreachable();
}

Answer<> read_typed(Type type, const JsonNode& node, Value& value, std::size_t level) {
  if (!has_json_type(type, node)) return serialization("Unexpected field type");
  switch (type) {
    case Type::string: value.set_string(node.text()); return {};
    case Type::number: {
      Number number;
      QUIPU_CHECK(read_number(node, number));
      value.set_number(number);
      return {};
    }
    case Type::binary: {
      std::string bytes;
      QUIPU_CHECK(decode_base64(node.text(), bytes));
      value.set_binary(bytes);
      return {};
    }
    case Type::null:
      if (!*boolean_of(node)) return invalid_values("Null attribute value types must have the value of true");
      value.set_null();
      return {};
    case Type::boolean: value.set_boolean(*boolean_of(node)); return {};
    case Type::string_set: return read_string_set(node.elements(), value);
    case Type::number_set: return read_number_set(node.elements(), value);
    case Type::binary_set: return read_binary_set(node.elements(), value);
    case Type::list: return read_list(node.elements(), value, level + 1);
    case Type::map: return read_members(node, value.set_map(), level + 1);
  }
  std::unreachable();
}

Answer<> read_several_types(const JsonNode& node, std::size_t level) {
  Value ignored;
  for (const Type type : order_of_errors)
    if (const JsonNode* const member = node.find(dynamodb_name(type)); member != nullptr)
      QUIPU_CHECK(read_typed(type, *member, ignored, level));
  return refuse(ErrorType::validation, std::string{several_types});
}

// Calls itself for lists and maps, no deeper than attribute_levels_max.
Answer<> read_at(const JsonNode& node, Value& value, std::size_t level) {
  if (level > attribute_levels_max) return refuse(ErrorType::validation, std::string{too_deep});
  if (!node.is(JsonType::object) && !node.is_null()) return serialization("Unexpected value type in payload");
  std::optional<Type> type;
  const JsonNode* typed = nullptr;
  for (const JsonMember& member : node.members()) {
    const auto known = type_of_name(member.name);
    if (!known || member.value.is_null()) continue;
    if (type) return read_several_types(node, level);
    type = known;
    typed = &member.value;
  }
  if (!type) return refuse(ErrorType::validation, std::string{empty_value});
  return read_typed(*type, *typed, value, level);
}

template <class Elements, class Append>
void append_list(std::string& out, const Elements& elements, const Append& append) {
  out += '[';
  bool first = true;
  for (const auto& element : elements) {
    if (!first) out += ',';
    first = false;
    append(element);
  }
  out += ']';
}

void append_quoted_number(std::string& out, const Number& number) {
  out += '"';
  number.append_to(out);
  out += '"';
}

void append_quoted_base64(std::string& out, std::string_view bytes) {
  out += '"';
  append_base64(out, bytes);
  out += '"';
}

}  // namespace

std::optional<bool> read_boolean_word(std::string_view text) {
  for (const std::string_view word : {"true", "1", "yes"})
    if (equal_ignoring_ascii_case(text, word)) return true;
  for (const std::string_view word : {"false", "0", "no"})
    if (equal_ignoring_ascii_case(text, word)) return false;
  return std::nullopt;
}

Answer<> read_value(const JsonNode& node, Value& value) {
  return read_at(node, value, 1);
}

Answer<> read_item(const JsonNode& node, Item& item) {
  if (!node.is(JsonType::object)) return serialization("Unexpected field type");
  for (const JsonMember& member : node.members()) {
    if (member.name.empty()) return invalid_values("An attribute name must not be empty");
    if (member.name.size() > attribute_name_bytes_max)
      return validation("Attribute name is too large, must be less than {} bytes", attribute_name_bytes_max + 1);
  }
  return read_members(node, item, 1);
}

// Calls itself for lists and maps, which are never deeper than value::nesting_depth_max.
void append_value(std::string& out, const Value& value) {
  out += "{\"";
  out += dynamodb_name(value.type());
  out += "\":";
  switch (value.type()) {
    case Type::null: out += "true"; break;
    case Type::boolean: out += value.as_boolean() ? "true" : "false"; break;
    case Type::number: append_quoted_number(out, value.as_number()); break;
    case Type::string: append_json_string(out, value.as_string()); break;
    case Type::binary: append_quoted_base64(out, value.as_binary()); break;
    case Type::string_set:
      append_list(out, value.as_string_set(), [&out](const std::string& element) { append_json_string(out, element); });
      break;
    case Type::number_set:
      append_list(out, value.as_number_set(), [&out](const Number& element) { append_quoted_number(out, element); });
      break;
    case Type::binary_set:
      append_list(out, value.as_binary_set(),
                  [&out](const std::string& element) { append_quoted_base64(out, element); });
      break;
    case Type::list:
      append_list(out, value.as_list(), [&out](const Value& element) { append_value(out, element); });
      break;
    case Type::map: append_item(out, value.as_map()); break;
  }
  out += '}';
}

void append_item(std::string& out, const Item& item) {
  out += '{';
  bool first = true;
  for (const value::Attribute& attribute : item) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, attribute.name);
    out += ':';
    append_value(out, attribute.value);
  }
  out += '}';
}

}  // namespace quipu::aws
