// The first look at a request: is each value of the JSON type that its member has? The service answers while it still
// reads, so the first wrong value of the text is told and nothing else.
#include <utility>

#include "aws/attribute_json.h"
#include "aws/base64.h"
#include "aws/shape.h"
#include "base/assert.h"

namespace quipu::aws {

namespace {

// A structure's member, or an element of a list or map: where containers are missed the service says so in other words.
enum class Place : std::uint8_t { member, element };

constexpr std::string_view service_prefix = "com.amazonaws.dynamodb.v20120810.";
constexpr std::string_view container_expected =
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class "
    "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of "
    "loader 'bootstrap')";
constexpr std::string_view object_unexpected = "Start of structure or map found where not expected";

std::string java_type(const Shape& shape) {
  switch (shape.kind) {
    case Kind::string: return "java.lang.String";
    case Kind::blob: return "java.nio.ByteBuffer";
    case Kind::boolean: return "java.lang.Boolean";
    case Kind::integer: return "java.lang.Integer";
    case Kind::long_integer: return "java.lang.Long";
    case Kind::timestamp: return "java.util.Date";
    case Kind::list: return fmt::format("java.util.List<{}>", java_type(*shape.element));
    case Kind::map: return fmt::format("java.util.Map<java.lang.String, {}>", java_type(*shape.element));
    case Kind::structure: return fmt::format("{}{}", service_prefix, shape.name);
  }
  std::unreachable();
}

std::string_view short_java_type(Kind kind) {
  switch (kind) {
    case Kind::string: return "String";
    case Kind::boolean: return "Boolean";
    case Kind::integer: return "Integer";
    case Kind::long_integer: return "Long";
    default: return "Date";
  }
}

std::string_view token_name(const JsonNode& node) {
  switch (node.type()) {
    case JsonType::boolean: return node.as_boolean() ? "TRUE_VALUE" : "FALSE_VALUE";
    case JsonType::string: return "STRING_VALUE";
    default: return node.text().find_first_of(".eE") == std::string_view::npos ? "NUMBER_VALUE" : "DECIMAL_VALUE";
  }
}

std::unexpected<ApiError> array_unexpected(const Shape& shape) {
  const bool is_map = shape.kind == Kind::map;
  return serialization("Unrecognized collection type {}{}", is_map ? "" : "class ", java_type(shape));
}

Answer<> check_scalar(const Shape& shape, const JsonNode& node) {
  if (node.is(JsonType::object)) return refuse(ErrorType::serialization, std::string{object_unexpected});
  if (node.is(JsonType::array)) return array_unexpected(shape);
  const bool is_string = node.is(JsonType::string);
  switch (shape.kind) {
    case Kind::blob:
      if (!is_string) return serialization("only base-64-encoded strings are convertible to bytes");
      return check_base64(node.text());
    case Kind::boolean:
      if (node.is(JsonType::boolean)) return {};
      if (is_string && read_boolean_word(node.text())) return {};
      if (is_string) return serialization("Unexpected token received from parser");
      break;
    case Kind::string:
      if (is_string) return {};
      break;
    default:
      if (node.is(JsonType::number)) return {};
      break;
  }
  return serialization("{} cannot be converted to {}", token_name(node), short_java_type(shape.kind));
}

Answer<> check_at(const Shape& shape, const JsonNode& node, Place place);

Answer<> check_list(const Shape& shape, const JsonNode& node, Place place) {
  if (node.is(JsonType::object)) return refuse(ErrorType::serialization, std::string{object_unexpected});
  if (!node.is(JsonType::array))
    return refuse(ErrorType::serialization,
                  std::string{place == Place::member ? "Unexpected field type" : container_expected});
  for (const JsonNode& element : node.elements()) QUIPU_CHECK(check_at(*shape.element, element, Place::element));
  return {};
}

Answer<> check_map(const Shape& shape, const JsonNode& node, Place place) {
  if (node.is(JsonType::array)) return array_unexpected(shape);
  if (!node.is(JsonType::object))
    return refuse(ErrorType::serialization,
                  std::string{place == Place::member ? "Unexpected field type" : container_expected});
  for (const JsonMember& member : node.members()) QUIPU_CHECK(check_at(*shape.element, member.value, Place::element));
  return {};
}

Answer<> check_structure(const Shape& shape, const JsonNode& node, Place place) {
  if (node.is(JsonType::array)) return array_unexpected(shape);
  if (!node.is(JsonType::object))
    return serialization("{}", place == Place::member ? "Unexpected field type" : "Unexpected value type in payload");
  for (const JsonMember& given : node.members())
    for (const Member& member : shape.members)
      if (member.name == given.name) {
        QUIPU_CHECK(check_at(*member.shape, given.value, Place::member));
        break;
      }
  return {};
}

// Calls itself for what is inside; a tree is no deeper than json_tree_depth_max.
Answer<> check_at(const Shape& shape, const JsonNode& node, Place place) {
  if (node.is_null()) return {};
  switch (shape.kind) {
    case Kind::list: return check_list(shape, node, place);
    case Kind::map: return check_map(shape, node, place);
    case Kind::structure: return check_structure(shape, node, place);
    default: return check_scalar(shape, node);
  }
}

}  // namespace

Answer<> check_types(const Shape& shape, const JsonNode& node) {
  // The input itself is no member of anything.
  if (!node.is(JsonType::object)) return refuse(ErrorType::serialization);
  return check_at(shape, node, Place::member);
}

}  // namespace quipu::aws
