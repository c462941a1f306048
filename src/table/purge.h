// Rows that are to go: those of a table, index or backup that was deleted. The maintenance thread takes them away.
//
//   row key    purge(9), the beginning of the row keys that go
//   row value  version(1)
#pragma once

#include <string>
#include <string_view>

namespace quipu::table {

std::string purge_key(std::string_view prefix);
std::string purge_value();
// The prefix that a purge row names.
std::string_view purge_prefix(std::string_view key);
bool is_purge_value(std::string_view value);

}  // namespace quipu::table
