#include "aws/json_integer.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace quipu::aws {

std::int64_t integer_of(const JsonNode& number) {
  const std::string_view text = number.text();
  const char* const end = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto read = std::from_chars(text.data(), end, integer); read.ec == std::errc{} && read.ptr == end)
    return integer;
  double real = 0;
  const auto read = std::from_chars(text.data(), end, real);
  // Too large for a double, or too near to zero for one: the exponent's sign tells which.
  if (read.ec == std::errc::result_out_of_range) {
    const bool tiny = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    real = tiny ? 0 : std::numeric_limits<double>::infinity() * (text.starts_with('-') ? -1 : 1);
  }
  constexpr double bound = 9223372036854775808.0;
  if (real >= bound) return std::numeric_limits<std::int64_t>::max();
  if (real < -bound) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(std::trunc(real));
}

}  // namespace quipu::aws
