#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace quipu {

void assertion_failed(const char* condition, const char* file, int line, const std::string& detail) {
  std::fprintf(stderr, "quipu: assertion failed: %s (%s:%d) %s\n", condition, file, line, detail.c_str());
  std::abort();
}

}  // namespace quipu
