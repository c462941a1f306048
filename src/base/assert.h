// QUIPU_ASSERT(condition, format, operands...): for our own bugs, on in release too. It prints what was wrong and
// aborts: a corrupted writer must not go on.
#pragma once

#include <fmt/core.h>

#include <string>

namespace quipu {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line, const std::string& detail);

}  // namespace quipu

#define QUIPU_ASSERT(condition, ...)                                                            \
  do {                                                                                          \
    if (!(condition)) [[unlikely]]                                                              \
      ::quipu::assertion_failed(#condition, __FILE__, __LINE__, ::fmt::format("" __VA_ARGS__)); \
  } while (false)
