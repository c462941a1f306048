// A JSON number as the service takes it for an integer: without its fraction, the nearest one if it is out of range.
#pragma once

#include <cstdint>

#include "aws/json_tree.h"

namespace quipu::aws {

std::int64_t integer_of(const JsonNode& number);

}  // namespace quipu::aws
