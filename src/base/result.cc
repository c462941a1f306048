#include "base/result.h"

namespace quipu {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::unauthenticated: return "unauthenticated";
    case ErrorCode::forbidden: return "forbidden";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::limit_reached: return "limit_reached";
    case ErrorCode::idempotency_mismatch: return "idempotency_mismatch";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::out_of_space: return "out_of_space";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::outcome_unknown: return "outcome_unknown";
    case ErrorCode::damaged: return "damaged";
    case ErrorCode::environment: return "environment";
  }
  return "unknown";
}

}  // namespace quipu
