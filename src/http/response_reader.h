// Reads one answer from a source of bytes: Content-Length, chunked or until the connection ends.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"
#include "http/wire.h"

namespace quipu::http {

class ResponseReader {
 public:
  using OnBytes = std::function<bool(std::string_view)>;

  ResponseReader(ByteSource& source, std::size_t header_bytes_max, std::size_t body_bytes_max)
      : source_{source}, header_bytes_max_{header_bytes_max}, body_bytes_max_{body_bytes_max} {}

  // The first head that is not an interim one (1xx).
  Result<> read_head(ClientResponse& response);
  // `on_bytes` null: into response.body. False if `on_bytes` wanted no more.
  Result<bool> read_body(ClientResponse& response, bool is_head_request, const OnBytes* on_bytes);
  // After the body: the connection can carry another request.
  bool keeps_alive() const { return keeps_alive_ && buffer_.size() == begin_; }
  bool has_begun() const { return has_begun_; }

 private:
  Result<> fill();
  Result<std::string_view> read_line();
  Result<> parse_head(ClientResponse& response);
  Result<bool> read_sized(ClientResponse& response, std::size_t size, const OnBytes* on_bytes);
  Result<bool> read_chunked(ClientResponse& response, const OnBytes* on_bytes);
  Result<bool> read_to_end(ClientResponse& response, const OnBytes* on_bytes);
  Result<bool> pass_on(ClientResponse& response, std::string_view bytes, const OnBytes* on_bytes);
  std::string_view rest() const { return std::string_view{buffer_}.substr(begin_); }

  ByteSource& source_;
  const std::size_t header_bytes_max_;
  const std::size_t body_bytes_max_;
  std::string buffer_;
  std::size_t begin_ = 0;
  bool keeps_alive_ = false;
  bool has_begun_ = false;
  bool has_ended_ = false;
};

}  // namespace quipu::http
