#include "http/response.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace quipu::http {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};

constexpr auto reasons = std::to_array<Reason>({
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
});
static_assert(std::ranges::is_sorted(reasons, {}, &Reason::status));

std::string_view reason(int status) {
  const auto found = std::ranges::lower_bound(reasons, status, {}, &Reason::status);
  return found != reasons.end() && found->status == status ? found->phrase : "Status";
}

template <class Integer>
void append_number(std::string& out, Integer number, int base = 10) {
  std::array<char, 24> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  out.append(digits.data(), end);
}

// A line end inside a name or value would let whoever supplied it write headers of his own.
void append_clean(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  out.append(text);
  for (std::size_t i = start; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    if (c < 0x20 || c == 0x7f) [[unlikely]]
      out[i] = ' ';
  }
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  append_clean(out, name);
  out.append(": ");
  append_clean(out, value);
  out.append("\r\n");
}

}  // namespace

void DateLine::refresh(std::time_t now) {
  if (now == formatted_) return;
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  line_.clear();
  fmt::format_to(std::back_inserter(line_), "Date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\n",
                 days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday, months[static_cast<std::size_t>(utc.tm_mon)],
                 utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  formatted_ = now;
}

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

void append_head(std::string& out, const ResponseHead& head, std::string_view date_line) {
  if (head.status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    out.append("HTTP/1.1 ");
    append_number(out, head.status);
    out.append(" ");
    out.append(reason(head.status));
    out.append("\r\n");
  }
  out.append(date_line);
  if (!head.content_type.empty()) append_header(out, "Content-Type", head.content_type);
  if (head.framing == BodyFraming::sized) {
    out.append("Content-Length: ");
    append_number(out, head.body_bytes);
    out.append("\r\n");
  } else if (head.framing == BodyFraming::chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  }
  if (!head.connection.empty()) append_header(out, "Connection", head.connection);
  for (const Header& header : head.extra) append_header(out, header.name, header.value);
  for (const Header& header : head.added) append_header(out, header.name, header.value);
  out.append("\r\n");
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  append_number(out, bytes.size(), 16);
  out.append("\r\n");
  out.append(bytes);
  out.append("\r\n");
}

}  // namespace quipu::http
