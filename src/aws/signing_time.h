// The times that signatures speak of: seconds since 1970, in the two forms that requests have them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quipu::aws {

// "20150830T123600Z"
std::optional<std::int64_t> parse_basic_time(std::string_view text);
// "Sun, 30 Aug 2015 12:36:00 GMT", as the header Date has it.
std::optional<std::int64_t> parse_http_time(std::string_view text);

std::string format_basic_time(std::int64_t seconds);

}  // namespace quipu::aws
