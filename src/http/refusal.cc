#include "http/refusal.h"

#include <fmt/core.h>

#include <array>
#include <string_view>

namespace quipu::http {
namespace {

struct Entry {
  Refusal refusal;
  int status;
  std::string_view error_code;
  std::string_view description;  // plain characters: it stands in JSON as it is. {} is the limit.
};

constexpr auto entries = std::to_array<Entry>({
    {Refusal::request_line, 400, "malformed_request_line",
     "The request line must be METHOD, one space, target, one space, HTTP/1.1."},
    {Refusal::target, 400, "malformed_target",
     "The target must begin with '/' and hold only visible ASCII characters: percent-encode all others."},
    {Refusal::version, 400, "unsupported_version", "This server speaks HTTP/1.1 and HTTP/1.0."},
    {Refusal::line_end, 400, "malformed_line_end",
     "Every line of the head must end with CR LF; neither may stand alone."},
    {Refusal::header, 400, "malformed_header",
     "A header must be a name, a colon without a space before it, and a value without control characters."},
    {Refusal::folded_header, 400, "folded_header", "A header must stand on one line."},
    {Refusal::host, 400, "malformed_host", "Send exactly one valid Host header."},
    {Refusal::content_length, 400, "malformed_content_length", "Send one Content-Length that is a decimal number."},
    {Refusal::both_lengths, 400, "ambiguous_length", "Send either Content-Length or Transfer-Encoding, not both."},
    {Refusal::transfer_encoding, 400, "malformed_transfer_encoding",
     "The only Transfer-Encoding is chunked, sent once and with HTTP/1.1."},
    {Refusal::transfer_encoding_unknown, 501, "unsupported_transfer_encoding",
     "The only Transfer-Encoding this server knows is chunked."},
    {Refusal::expectation, 417, "unsupported_expectation", "The only Expect this server knows is 100-continue."},
    {Refusal::chunk, 400, "malformed_chunk",
     "The chunked body is malformed: a hexadecimal size, CR LF, that many bytes, CR LF."},
    {Refusal::target_too_long, 414, "target_too_long", "The target may have at most {} bytes."},
    {Refusal::header_too_large, 431, "headers_too_large",
     "The request line and headers together may have at most {} bytes."},
    {Refusal::too_many_headers, 431, "too_many_headers", "A request may have at most {} headers."},
    {Refusal::trailer_too_large, 431, "trailers_too_large", "The trailers of a body may have at most {} bytes."},
    {Refusal::body_too_large, 413, "body_too_large", "The body may have at most {} bytes."},
    {Refusal::header_deadline, 408, "headers_too_slow", "The request's head must arrive within {} ms."},
    {Refusal::body_deadline, 408, "body_too_slow", "The body must arrive with at least {} bytes a second."},
    {Refusal::too_many_connections, 503, "too_many_connections", "The server has its {} connections: try again later."},
    {Refusal::too_many_buffered_bytes, 503, "server_busy",
     "The server keeps its {} bytes of unfinished requests and answers: try again later."},
    {Refusal::stopping, 503, "server_stopping", "The server is stopping: try again later."},
});

constexpr bool in_order() {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (static_cast<std::size_t>(entries[i].refusal) != i) return false;
  }
  return true;
}
static_assert(in_order(), "the table is indexed by Refusal");

std::size_t limit_of(Refusal refusal, const Limits& limits) {
  switch (refusal) {
    case Refusal::target_too_long: return limits.target_bytes_max;
    case Refusal::header_too_large: return limits.header_bytes_max;
    case Refusal::too_many_headers: return headers_max;
    case Refusal::trailer_too_large: return trailer_bytes_max;
    case Refusal::body_too_large: return limits.body_bytes_max;
    case Refusal::header_deadline: return static_cast<std::size_t>(limits.header_deadline.count());
    case Refusal::body_deadline: return limits.body_rate_min_bytes_per_second;
    case Refusal::too_many_connections: return limits.connections_max;
    case Refusal::too_many_buffered_bytes: return limits.buffered_bytes_max;
    default: return 0;
  }
}

}  // namespace

int refusal_status(Refusal refusal) {
  return entries[static_cast<std::size_t>(refusal)].status;
}

std::string refusal_body(Refusal refusal, const Limits& limits) {
  const Entry& entry = entries[static_cast<std::size_t>(refusal)];
  const std::string description = fmt::format(fmt::runtime(entry.description), limit_of(refusal, limits));
  return fmt::format(R"({{"error_code":"{}","error_description":"{}"}})", entry.error_code, description);
}

}  // namespace quipu::http
