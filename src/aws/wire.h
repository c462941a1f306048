// What every request and every answer of DynamoDB's protocol has, whatever the operation.
//
//   wire::Entry           what kind of request is it? Only `operation` is one of DynamoDB's
//   wire::read_target     X-Amz-Target: DynamoDB_20120810.PutItem
//   wire::read_body       the body, inflated if it came with Content-Encoding: gzip
//   wire::ReplyHeaders    x-amzn-RequestId, x-amz-crc32, and who may read it (CORS)
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "aws/api_error.h"
#include "base/bytes.h"
#include "base/random.h"
#include "http/message.h"

namespace quipu::aws::wire {

inline constexpr std::size_t body_bytes_max = 16_MiB;  // as it came, and inflated

enum class Entry : std::uint8_t {
  operation,
  health,     // GET /: health_body()
  preflight,  // OPTIONS with an Origin: PreflightHeaders, no body
  unknown,    // 404, unknown_body
};

Entry entry_of(const http::Request& request);

inline constexpr std::string_view unknown_body = "<UnknownOperationException/>\n";
std::string health_body(std::string_view region);  // "healthy: dynamodb.us-east-1.amazonaws.com "

enum class Api : std::uint8_t { dynamodb, streams };

struct Target {
  Api api;
  std::string_view operation;  // not known to be one that there is
};

// UnknownOperationException if there is no target, or one of something else.
Answer<Target> read_target(const http::Request& request);

// A view of the request's body, or of `inflated`. SerializationException for nothing at all, and for what is not gzip.
Answer<std::string_view> read_body(const http::Request& request, std::string& inflated);

// What an answer must still know when the request is gone.
struct ReplyStyle {
  std::string_view content_type = "application/x-amz-json-1.0";
  bool has_origin = false;
};

ReplyStyle reply_style(const http::Request& request);

// 52 characters like the service's: 256 bits in base 32 (0-9, A-V). Not secret. One for each thread.
class RequestIds {
 public:
  static constexpr std::size_t characters = 52;

  RequestIds();
  void next(std::span<char, characters> id);

 private:
  SeededRandom random_;
};

std::uint32_t crc32(std::string_view bytes);

class ReplyHeaders {
 public:
  ReplyHeaders(const ReplyStyle& style, std::string_view body, RequestIds& ids);
  ReplyHeaders(const ReplyHeaders&) = delete;
  ReplyHeaders& operator=(const ReplyHeaders&) = delete;

  std::span<const http::Header> list() const { return {headers_.data(), count_}; }
  std::string_view request_id() const { return {id_.data(), id_.size()}; }

 private:
  std::array<char, RequestIds::characters> id_;
  std::array<char, 10> crc_;  // an unsigned number of 32 bits has no more digits
  std::array<http::Header, 3> headers_;
  std::size_t count_ = 0;
};

class PreflightHeaders {
 public:
  // Views into the request.
  PreflightHeaders(const http::Request& request, RequestIds& ids);
  PreflightHeaders(const PreflightHeaders&) = delete;
  PreflightHeaders& operator=(const PreflightHeaders&) = delete;

  std::span<const http::Header> list() const { return {headers_.data(), count_}; }

 private:
  std::array<char, RequestIds::characters> id_;
  std::array<http::Header, 5> headers_;
  std::size_t count_ = 0;
};

}  // namespace quipu::aws::wire
