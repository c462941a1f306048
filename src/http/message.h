// A request as it stands in the receive buffer: views, no copies.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/limits.h"

namespace quipu::http {

enum class Method : std::uint8_t { get, head, post, put, del, options, patch, other };

std::string_view to_string(Method method);

struct Header {
  std::string_view name;
  std::string_view value;
};

// Header names and connection options compare without regard to (ASCII) case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

class Request {
 public:
  Method method() const { return method_; }
  std::string_view method_name() const { return method_name_; }
  std::string_view target() const { return target_; }                      // as sent: path and query
  std::string_view path() const { return target_.substr(0, path_size_); }  // raw, not decoded
  std::string_view query() const {                                         // raw, without the '?'
    return path_size_ < target_.size() ? target_.substr(path_size_ + 1) : std::string_view{};
  }
  std::span<const Header> headers() const { return {headers_.data(), header_count_}; }
  // The first header of that name.
  std::optional<std::string_view> header(std::string_view name) const;
  std::string_view body() const { return body_; }
  bool keep_alive() const { return keep_alive_; }
  bool is_http_1_0() const { return is_http_1_0_; }

 private:
  friend class RequestParser;

  std::string_view method_name_;
  std::string_view target_;
  std::string_view body_;
  std::size_t path_size_ = 0;
  std::size_t header_count_ = 0;
  Method method_ = Method::other;
  bool keep_alive_ = false;
  bool is_http_1_0_ = false;
  std::array<Header, headers_max> headers_;
};

}  // namespace quipu::http
