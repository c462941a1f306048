// Attribute values and items between DynamoDB's JSON ({"S":"x"}, {"L":[{"N":"1"}]}) and value::Value and value::Item.
//
// Reading checks what an attribute value must be by itself, with the service's errors; what a table asks of it (key
// types, sizes) is for the operations. The types of the JSON (that "S" is a string, that "SS" is a list of them) are
// the shape's to check first (shape.h); a reader that meets others says SerializationException all the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/api_error.h"
#include "aws/json_tree.h"
#include "value/value.h"

namespace quipu::aws {

// An attribute's value is level 1, what stands in its list or map level 2.
inline constexpr std::size_t attribute_levels_max = value::nesting_depth_max;
inline constexpr std::size_t attribute_name_bytes_max = 65535;

// What is overwritten may be garbage after an error. Memory that it has is used again.
Answer<> read_value(const JsonNode& node, value::Value& value);
Answer<> read_item(const JsonNode& node, value::Item& item);

// The words that the service takes for booleans, beside true and false themselves.
std::optional<bool> read_boolean_word(std::string_view text);

void append_value(std::string& out, const value::Value& value);
void append_item(std::string& out, const value::Item& item);

}  // namespace quipu::aws
