// How the service shows a value in its messages: as Java's toString does.
#pragma once

#include <string>
#include <string_view>

#include "aws/shape.h"

namespace quipu::aws {

// "TableName" is shown as tableName, "SS" as sS.
void append_member_name(std::string& out, std::string_view name);

// [a, b] for a list, {key=value} for a map, KeySchemaElement(attributeName=a, keyType=HASH) for a structure. No more
// than about shown_value_bytes_max.
void append_shown_value(std::string& out, const Shape& shape, const JsonNode& node);

}  // namespace quipu::aws
