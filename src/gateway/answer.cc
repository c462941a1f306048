#include "gateway/answer.h"

#include <array>
#include <string>

#include "base/json_writer.h"

namespace quipu::gateway {

namespace {

constexpr std::string_view retry_after_seconds = "5";  // about what a full disk that was freed needs to be noticed

}  // namespace

Problem problem_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return {400, "invalid_request"};
    case ErrorCode::unauthenticated: return {401, "unauthorized"};
    case ErrorCode::forbidden: return {403, "forbidden"};
    case ErrorCode::not_found: return {404, "not_found"};
    case ErrorCode::conflict: return {409, "conflict"};
    case ErrorCode::limit_reached: return {409, "limit_reached"};
    case ErrorCode::idempotency_mismatch: return {422, "idempotency_key_reused"};
    case ErrorCode::too_large: return {413, "too_large"};
    case ErrorCode::out_of_space: return {507, "out_of_space"};
    case ErrorCode::unavailable: return {503, "busy"};
    case ErrorCode::outcome_unknown:
    case ErrorCode::damaged:
    case ErrorCode::environment: break;
  }
  return {500, "error_incrementing_probably_database_error"};
}

void respond_problem(http::Exchange& exchange, int status, std::string_view error_code, std::string_view description) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().member("error_code").string(error_code);
  if (!description.empty()) json.member("error_description").string(description);
  json.end_object();
  const std::array<http::Header, 1> retry{{{"Retry-After", retry_after_seconds}}};
  const std::array<http::Header, 1> who{{{"WWW-Authenticate", "Bearer"}}};
  if (status == 503 || status == 507)
    exchange.respond(status, json_type, body, retry);
  else if (status == 401)
    exchange.respond(status, json_type, body, who);
  else
    exchange.respond(status, json_type, body);
}

void respond_error(http::Exchange& exchange, const Error& error) {
  const Problem problem = problem_of(error.code);
  respond_problem(exchange, problem.status, problem.error_code, error.message);
}

}  // namespace quipu::gateway
