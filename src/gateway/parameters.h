// The query of a request, read into what an endpoint knows; anything else is refused.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "counter/counter_call.h"

namespace quipu::gateway {

struct Parameter {
  std::string_view name;
  std::optional<std::string_view>& raw;  // as it stands in the query, not decoded
};

// Fills each parameter's value; refuses unknown ones and those given twice.
Result<> read_parameters(std::string_view query, std::initializer_list<Parameter> known);

Result<std::int64_t> parse_integer(std::string_view parameter, std::string_view raw);

// Decodes a counter's name into `name`. An empty one is not an error here.
Result<> decode_name(std::string_view parameter, std::string_view raw, std::string& name,
                     std::size_t bytes_max = counter::name_bytes_max);
Result<> check_name(std::string_view what, std::string_view name, std::size_t bytes_max = counter::name_bytes_max);

}  // namespace quipu::gateway
