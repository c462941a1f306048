// Answers in JSON, and the one place where our errors become HTTP statuses.
//
//   {"error_code":"invalid_request","error_description":"by must be a whole number other than 0"}
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/exchange.h"

namespace quipu::gateway {

inline constexpr std::string_view json_type = "application/json";

struct Problem {
  int status;
  std::string_view error_code;
};

Problem problem_of(ErrorCode code);

void respond_problem(http::Exchange& exchange, int status, std::string_view error_code,
                     std::string_view description = {});
void respond_error(http::Exchange& exchange, const Error& error);

}  // namespace quipu::gateway
