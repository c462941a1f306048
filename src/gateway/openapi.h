#pragma once

#include <string_view>

namespace quipu::gateway {

// src/gateway/openapi.json, as the build put it into the program.
std::string_view openapi_document();

}  // namespace quipu::gateway
