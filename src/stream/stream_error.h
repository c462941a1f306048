// What readers of streams are told when they cannot have what they want: the service's own errors, with its texts. The
// protocol layer gives them their names.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::stream {

enum class StreamErrorCode : std::uint8_t {
  validation,          // ValidationException
  resource_not_found,  // ResourceNotFoundException
  expired_iterator,    // ExpiredIteratorException
  trimmed_data,        // TrimmedDataAccessException
  internal,            // InternalServerError; the message is ours, for the log
};

struct StreamError {
  StreamErrorCode code;
  std::string message;
};

template <class T>
class [[nodiscard]] StreamResult : public std::expected<T, StreamError> {
 public:
  using std::expected<T, StreamError>::expected;
};

template <class... Args>
std::unexpected<StreamError> refuse(StreamErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(StreamError{code, fmt::format(format, std::forward<Args>(args)...)});
}

inline std::unexpected<StreamError> internal(const Error& error) {
  return std::unexpected(StreamError{StreamErrorCode::internal, error.message});
}

}  // namespace quipu::stream
