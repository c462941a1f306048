// What stands where a table is named: its name, or since 2024 its ARN.
#pragma once

#include <string_view>

#include "aws/api_error.h"

namespace quipu::aws {

inline constexpr std::size_t table_name_bytes_min = 3;
inline constexpr std::size_t table_name_bytes_max = 255;
inline constexpr std::string_view table_name_pattern = "[a-zA-Z0-9_.-]+";

// At least one character, and all of them of the pattern.
bool matches_table_name_pattern(std::string_view text);

// The name, out of the ARN if it is one ("arn:aws:dynamodb:REGION:ACCOUNT:table/NAME"; region and account may be any).
// The error is the service's for a bad `tableName`.
Answer<std::string_view> checked_table_name(std::string_view name_or_arn);

// The name in the ARN of a table, or in anything below it (an index, a stream, a backup); empty if it is none.
std::string_view table_name_in_arn(std::string_view arn);

}  // namespace quipu::aws
