// Errors are values. A function that the outside world can make fail returns Result<T>; our own bugs are assertions
// (assert.h). Codes are named by what the caller can do next, and there are few of them: the HTTP and AWS fronts each
// translate them in one place.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace quipu {

enum class ErrorCode : std::uint8_t {
  invalid_argument,      // the request can never work: change it
  unauthenticated,       // no credential, or an unknown one
  forbidden,             // a known credential that may not do this
  not_found,             // what the request names does not exist
  conflict,              // the state is not the one that the request asked for: read it again, then decide
  limit_reached,         // a bound would be crossed; nothing changed
  idempotency_mismatch,  // the idempotency key was used for a different request
  too_large,             // a named limit on size or count
  out_of_space,          // the disk is full; reads go on, writes may be retried later
  unavailable,           // busy or stopping; nothing happened: try again
  outcome_unknown,       // the write may or may not have happened: retry with the same idempotency key
  damaged,               // stored bytes are not what was written: an operator must look
  environment,           // the machine refused something: a file, a port, a permission
};

std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string message;
};

// A dropped std::expected draws no warning; a dropped Result does.
template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

template <class... Args>
std::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace quipu

#define QUIPU_CAT_IMPL(a, b) a##b
#define QUIPU_CAT(a, b) QUIPU_CAT_IMPL(a, b)
#define QUIPU_TRY_IMPL(tmp, target, expr)                   \
  auto tmp = (expr);                                        \
  if (!tmp) return std::unexpected(std::move(tmp).error()); \
  target = *std::move(tmp)

// QUIPU_TRY(auto value, compute()); returns from the function with the error, or goes on with the value.
#define QUIPU_TRY(target, expr) QUIPU_TRY_IMPL(QUIPU_CAT(try_, __LINE__), target, expr)
// The same where there is no value: QUIPU_CHECK(store.sync());
#define QUIPU_CHECK(expr)                                                                                   \
  do {                                                                                                      \
    if (auto check_result = (expr); !check_result) return std::unexpected(std::move(check_result).error()); \
  } while (false)
