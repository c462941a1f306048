// Writes the heads of answers.
#pragma once

#include <cstddef>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"

namespace quipu::http {

// The Date header's line, formatted once a second.
class DateLine {
 public:
  void refresh(std::time_t now);
  std::string_view line() const { return line_; }

 private:
  std::time_t formatted_ = -1;
  std::string line_;
};

enum class BodyFraming : std::uint8_t {
  none,       // 204, 304: the answer has no body by its status
  sized,      // Content-Length
  chunked,    // Transfer-Encoding: chunked
  until_end,  // HTTP/1.0 without a known size: the connection's end is the body's
};

struct ResponseHead {
  int status = 200;
  std::string_view content_type = {};
  BodyFraming framing = BodyFraming::sized;
  std::size_t body_bytes = 0;
  // "close", "keep-alive", or empty: what HTTP/1.1 means by itself.
  std::string_view connection = {};
  std::span<const Header> extra = {};
  std::span<const Header> added = {};
};

bool has_no_body(int status);
void append_head(std::string& out, const ResponseHead& head, std::string_view date_line);
// One piece of a chunked body. Empty bytes are no chunk: an empty chunk would be the end.
void append_chunk(std::string& out, std::string_view bytes);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace quipu::http
