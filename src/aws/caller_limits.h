// How often may who has signed a request ask? Whoever wires the parts together knows; here it only has an answer.
#pragma once

#include <string_view>

#include "aws/api_error.h"

namespace quipu::aws {

class CallerLimits {
 public:
  virtual ~CallerLimits() = default;
  // Counts a request, unless it is refused. From all loops at once.
  virtual Answer<> admit(std::string_view access_key_id) = 0;
};

}  // namespace quipu::aws
