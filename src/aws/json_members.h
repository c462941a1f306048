// Members of a request that passed its shape, as plain types. Absent and null are the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "aws/json_tree.h"

namespace quipu::aws {

std::optional<std::string_view> string_member(const JsonNode& node, std::string_view name);
std::optional<std::int64_t> integer_member(const JsonNode& node, std::string_view name);
std::optional<bool> boolean_member(const JsonNode& node, std::string_view name);

std::string_view string_member_or(const JsonNode& node, std::string_view name, std::string_view otherwise);
std::int64_t integer_member_or(const JsonNode& node, std::string_view name, std::int64_t otherwise);
bool boolean_member_or(const JsonNode& node, std::string_view name, bool otherwise);

}  // namespace quipu::aws
