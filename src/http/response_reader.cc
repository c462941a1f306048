#include "http/response_reader.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace quipu::http {
namespace {

constexpr std::size_t read_bytes = 16_KiB;

std::unexpected<Error> not_http(std::string_view what) {
  return fail(ErrorCode::outcome_unknown, "the server's answer is not HTTP/1.1: {}", what);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool parse_size(std::string_view text, int base, std::size_t& size) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), size, base);
  return error == std::errc{} && stop == text.data() + text.size();
}

}  // namespace

Result<> ResponseReader::fill() {
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
  }
  std::array<char, read_bytes> bytes;
  QUIPU_TRY(const std::size_t size, source_.read(bytes.data(), bytes.size()));
  has_ended_ = size == 0;
  has_begun_ |= size > 0;
  buffer_.append(bytes.data(), size);
  return {};
}

// Without its line end; the view holds until the next read.
Result<std::string_view> ResponseReader::read_line() {
  for (std::size_t scanned = 0;;) {
    const std::size_t end = rest().find('\n', scanned);
    if (end != std::string_view::npos) {
      std::string_view line = rest().substr(0, end);
      begin_ += end + 1;
      if (line.ends_with('\r')) line.remove_suffix(1);
      return line;
    }
    scanned = rest().size();
    if (scanned > header_bytes_max_) return not_http("too many headers");
    QUIPU_CHECK(fill());
    if (has_ended_) return fail(ErrorCode::outcome_unknown, "the server closed the connection without a whole answer");
  }
}

Result<> ResponseReader::read_head(ClientResponse& response) {
  do {
    QUIPU_CHECK(parse_head(response));
  } while (response.status < 200);
  return {};
}

Result<> ResponseReader::parse_head(ClientResponse& response) {
  QUIPU_TRY(std::string_view line, read_line());
  std::size_t status = 0;
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ' ||
      !parse_size(line.substr(9, 3), 10, status) || status < 100) {
    return not_http("a strange status line");
  }
  keeps_alive_ = line[7] == '1';
  response.status = static_cast<int>(status);
  response.headers.clear();
  std::size_t head_bytes = line.size();
  for (;;) {
    QUIPU_TRY(line, read_line());
    if (line.empty()) return {};
    head_bytes += line.size();
    if (head_bytes > header_bytes_max_) return not_http("too many headers");
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return not_http("a strange header");
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    response.headers.push_back({std::string{name}, std::string{value}});
    if (equal_ignoring_case(name, "connection")) keeps_alive_ = !equal_ignoring_case(value, "close");
  }
}

Result<bool> ResponseReader::read_body(ClientResponse& response, bool is_head_request, const OnBytes* on_bytes) {
  if (is_head_request || response.status == 204 || response.status == 304) return true;
  if (const auto encoding = response.header("Transfer-Encoding")) {
    if (!equal_ignoring_case(*encoding, "chunked")) return not_http("an unknown transfer encoding");
    return read_chunked(response, on_bytes);
  }
  if (const auto length = response.header("Content-Length")) {
    std::size_t size = 0;
    if (!parse_size(*length, 10, size)) return not_http("a strange Content-Length");
    return read_sized(response, size, on_bytes);
  }
  keeps_alive_ = false;
  return read_to_end(response, on_bytes);
}

Result<bool> ResponseReader::pass_on(ClientResponse& response, std::string_view bytes, const OnBytes* on_bytes) {
  if (on_bytes != nullptr) return bytes.empty() || (*on_bytes)(bytes);
  if (response.body.size() + bytes.size() > body_bytes_max_) {
    return fail(ErrorCode::too_large, "the answer has more than {} bytes", body_bytes_max_);
  }
  response.body.append(bytes);
  return true;
}

Result<bool> ResponseReader::read_sized(ClientResponse& response, std::size_t size, const OnBytes* on_bytes) {
  while (size > 0) {
    if (rest().empty()) QUIPU_CHECK(fill());
    if (rest().empty()) return fail(ErrorCode::outcome_unknown, "the server's answer ended before its end");
    const std::string_view piece = rest().substr(0, size);
    size -= piece.size();
    begin_ += piece.size();
    QUIPU_TRY(const bool goes_on, pass_on(response, piece, on_bytes));
    if (!goes_on) return false;
  }
  return true;
}

Result<bool> ResponseReader::read_chunked(ClientResponse& response, const OnBytes* on_bytes) {
  for (;;) {
    QUIPU_TRY(std::string_view line, read_line());
    std::size_t size = 0;
    if (!parse_size(trim(line.substr(0, line.find(';'))), 16, size)) return not_http("a strange chunk");
    if (size == 0) break;
    QUIPU_TRY(const bool goes_on, read_sized(response, size, on_bytes));
    if (!goes_on) return false;
    QUIPU_TRY(line, read_line());
    if (!line.empty()) return not_http("a chunk without its end");
  }
  for (std::size_t trailer_bytes = 0;;) {
    QUIPU_TRY(const std::string_view line, read_line());
    if (line.empty()) return true;
    trailer_bytes += line.size();
    if (trailer_bytes > header_bytes_max_) return not_http("too many trailers");
  }
}

Result<bool> ResponseReader::read_to_end(ClientResponse& response, const OnBytes* on_bytes) {
  while (!has_ended_) {
    const std::string_view piece = rest();
    begin_ += piece.size();
    QUIPU_TRY(const bool goes_on, pass_on(response, piece, on_bytes));
    if (!goes_on) return false;
    QUIPU_CHECK(fill());
  }
  return true;
}

}  // namespace quipu::http
