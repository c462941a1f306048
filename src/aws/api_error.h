// The errors of DynamoDB's protocol: a type, a status, a message. One place knows their names, and one place says which
// of them an Error of the parts below becomes.
//
// An operation returns Answer<T>; QUIPU_TRY and QUIPU_CHECK (base/result.h) pass an ApiError on as they do an Error.
// Where the called function returns a Result, QUIPU_API_TRY and QUIPU_API_CHECK translate on the way.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace quipu::aws {

// In the order of the table in api_error.cc.
enum class ErrorType : std::uint8_t {
  // of the service's framework
  validation,
  serialization,
  unknown_operation,
  missing_authentication_token,
  incomplete_signature,
  invalid_signature,
  unrecognized_client,
  access_denied,
  throttling,
  service_unavailable,
  internal_failure,
  request_too_large,
  // of DynamoDB
  backup_in_use,
  backup_not_found,
  conditional_check_failed,
  continuous_backups_unavailable,
  duplicate_item,
  expired_iterator,
  idempotent_parameter_mismatch,
  internal_server_error,
  item_collection_size_limit_exceeded,
  limit_exceeded,
  provisioned_throughput_exceeded,
  request_limit_exceeded,
  resource_in_use,
  resource_not_found,
  table_already_exists,
  table_in_use,
  table_not_found,
  transaction_canceled,
  transaction_conflict,
  transaction_in_progress,
  trimmed_data_access,
};

struct ApiError {
  ErrorType type;
  std::string message;     // none: the answer has no such member
  std::string extra_json;  // further members, as they go into the body: "Item":{...}  or  "CancellationReasons":[...]

  std::string_view type_name() const;   // "com.amazon.coral.validate#ValidationException"
  std::string_view short_name() const;  // "ValidationException", as in batches and cancellation reasons
  int status() const;
};

// The type that has this short name.
std::optional<ErrorType> error_type_named(std::string_view short_name);

// {"__type":"...","message":"..."}; some types have a "Message" instead. Replaces `body`.
void write_body(const ApiError& error, std::string& body);

// A dropped one is noticed, as with Result.
template <class T = void>
class [[nodiscard]] Answer : public std::expected<T, ApiError> {
 public:
  using std::expected<T, ApiError>::expected;
};

// What a function with an Answer returns: `return refuse(ErrorType::validation, "...")`.
inline std::unexpected<ApiError> refuse(ErrorType type, std::string message = {}, std::string extra_json = {}) {
  return std::unexpected(ApiError{type, std::move(message), std::move(extra_json)});
}

template <class... Args>
std::unexpected<ApiError> validation(fmt::format_string<Args...> format, Args&&... args) {
  return refuse(ErrorType::validation, fmt::format(format, std::forward<Args>(args)...));
}
// "One or more parameter values were invalid: " and what follows it.
template <class... Args>
std::unexpected<ApiError> invalid_values(fmt::format_string<Args...> format, Args&&... args) {
  return refuse(ErrorType::validation,
                "One or more parameter values were invalid: " + fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
std::unexpected<ApiError> serialization(fmt::format_string<Args...> format, Args&&... args) {
  return refuse(ErrorType::serialization, fmt::format(format, std::forward<Args>(args)...));
}

std::unexpected<ApiError> item_table_not_found();                            // by an operation on items
std::unexpected<ApiError> table_resource_not_found(std::string_view table);  // by an operation on tables
std::unexpected<ApiError> table_resource_in_use(std::string_view table);     // CreateTable: it exists
std::unexpected<ApiError> stream_not_found(std::string_view stream_arn);
// `item_json` is the old item as JSON ({"a":{"S":"b"}}), where the caller asked for it.
std::unexpected<ApiError> conditional_check_failed(std::string_view item_json = {});
// `reasons_json` is the array; `codes` its codes: "ConditionalCheckFailed, None".
std::unexpected<ApiError> transaction_canceled(std::string_view codes, std::string_view reasons_json);
std::unexpected<ApiError> idempotent_parameter_mismatch();
std::unexpected<ApiError> item_too_large();

// What a failure of the parts below is for the caller. A retry is safe exactly where the type makes SDKs retry.
ApiError to_api_error(Error&& error);

}  // namespace quipu::aws

#define QUIPU_API_TRY_IMPL(tmp, target, expr)                                           \
  auto tmp = (expr);                                                                    \
  if (!tmp) return std::unexpected(::quipu::aws::to_api_error(std::move(tmp).error())); \
  target = *std::move(tmp)

// As QUIPU_TRY and QUIPU_CHECK, from a Result to an Answer.
#define QUIPU_API_TRY(target, expr) QUIPU_API_TRY_IMPL(QUIPU_CAT(try_, __LINE__), target, expr)
#define QUIPU_API_CHECK(expr)                                                              \
  do {                                                                                     \
    if (auto check_result = (expr); !check_result)                                         \
      return std::unexpected(::quipu::aws::to_api_error(std::move(check_result).error())); \
  } while (false)
