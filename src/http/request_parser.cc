#include "http/request_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/assert.h"

namespace quipu::http {
namespace {

// Method, spaces and version of a request line whose target has its full length.
constexpr std::size_t request_line_rest_bytes_max = 64;
constexpr std::size_t chunk_size_digits_max = 16;

using CharacterSet = std::array<bool, 256>;

constexpr CharacterSet make_set(std::string_view extra) {
  CharacterSet set{};
  for (int c = '0'; c <= '9'; ++c) set[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) set[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) set[static_cast<std::size_t>(c)] = true;
  for (const char c : extra) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr CharacterSet make_range(int first, int last) {
  CharacterSet set{};
  for (int c = first; c <= last; ++c) set[static_cast<std::size_t>(c)] = true;
  return set;
}

constexpr CharacterSet token_characters = make_set("!#$%&'*+-.^_`|~");  // RFC 9110, 5.6.2
constexpr CharacterSet host_characters = make_set("-._~%!$&'()*+;=:[]");

constexpr CharacterSet target_characters = [] {
  CharacterSet set = make_range(0x21, 0x7e);
  set['#'] = false;  // a fragment is never sent
  return set;
}();

constexpr CharacterSet value_characters = [] {
  CharacterSet set = make_range(0x20, 0xff);
  set[0x7f] = false;
  set['\t'] = true;
  return set;
}();

bool all_in(const CharacterSet& set, std::string_view text) {
  for (const char c : text) {
    if (!set[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Method method_of(std::string_view name) {
  for (const Method method :
       {Method::post, Method::get, Method::put, Method::head, Method::del, Method::options, Method::patch}) {
    if (name == to_string(method)) return method;
  }
  return Method::other;
}

bool list_has(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (equal_ignoring_case(trim(list.substr(0, comma)), wanted)) return true;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return false;
}

bool contains_ignoring_case(std::string_view text, std::string_view wanted) {
  for (std::size_t i = 0; i + wanted.size() <= text.size(); ++i) {
    if (equal_ignoring_case(text.substr(i, wanted.size()), wanted)) return true;
  }
  return false;
}

// The path and query of an absolute target (`http://host/path`), which servers must take too.
bool strip_origin(std::string_view& target) {
  const std::size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view scheme = target.substr(0, scheme_end);
  if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) return false;
  const std::string_view rest = target.substr(scheme_end + 3);
  const std::size_t path = rest.find_first_of("/?");
  const std::string_view host = rest.substr(0, path);
  if (host.empty() || !all_in(host_characters, host)) return false;
  if (path == std::string_view::npos) {
    target = "/";
    return true;
  }
  target = rest.substr(path);
  return target.front() == '/';
}

}  // namespace

RequestParser::Status RequestParser::refuse(Refusal refusal) {
  refusal_ = refusal;
  return Status::refused;
}

RequestParser::Status RequestParser::parse(const Limits& limits, char* bytes, std::size_t& size, Request& request) {
  bool head_is_fresh = false;
  if (head_bytes_ == 0) {
    if (const auto refusal = find_head(limits, {bytes, size})) return refuse(*refusal);
    if (head_bytes_ == 0) return Status::incomplete;
    if (const auto refusal = parse_head(limits, {bytes, head_bytes_}, request)) return refuse(*refusal);
    head_is_fresh = true;
  }
  request.body_ = {};
  if (body_ == Body::chunked) {
    if (const auto refusal = decode_chunks(bytes, size)) return refuse(*refusal);
    if (!chunks_ended_) return Status::incomplete;
  } else {
    if (size - head_bytes_ < body_bytes_) return Status::incomplete;
    consumed_ = head_bytes_ + body_bytes_;
  }
  // The body came later than the head, and other requests were parsed in between.
  if (!head_is_fresh) read_head_again(limits, {bytes, size}, request);
  request.body_ = {bytes + head_bytes_, body_bytes_};
  return Status::complete;
}

void RequestParser::read_head_again(const Limits& limits, std::string_view bytes, Request& request) {
  const std::size_t body_bytes = body_bytes_;
  has_host_ = has_length_ = has_transfer_encoding_ = false;
  const auto refusal = parse_head(limits, bytes.substr(0, head_bytes_), request);
  QUIPU_ASSERT(!refusal, "a head that was read before is refused: {}", refusal_status(*refusal));
  body_bytes_ = body_bytes;
  request.body_ = {};
}

// Looks for the empty line, each byte once. Line ends are checked here already, so that a peer that does not speak HTTP
// hears about it at once.
std::optional<Refusal> RequestParser::find_head(const Limits& limits, std::string_view bytes) {
  if (scanned_ == 0) {
    if (bytes.empty()) return std::nullopt;
    if (bytes[0] == '\r') {
      if (bytes.size() < 2) return std::nullopt;
      if (bytes[1] != '\n') return Refusal::line_end;
      head_start_ = line_start_ = scanned_ = 2;
    }
  }
  if (bytes.size() > head_start_ && !token_characters[static_cast<unsigned char>(bytes[head_start_])]) {
    return Refusal::request_line;
  }
  const std::size_t line_bytes_max =
      std::min(limits.target_bytes_max + request_line_rest_bytes_max, limits.header_bytes_max);
  while (scanned_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    const std::size_t end =
        found == nullptr ? bytes.size() : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (line_start_ == head_start_ && end - line_start_ > line_bytes_max) return Refusal::target_too_long;
    if (end > limits.header_bytes_max) return Refusal::header_too_large;
    if (found == nullptr) {
      scanned_ = end;
      break;
    }
    if (end == line_start_ || bytes[end - 1] != '\r') return Refusal::line_end;
    scanned_ = end + 1;
    if (end - line_start_ == 1) {
      head_bytes_ = scanned_;
      break;
    }
    line_start_ = scanned_;
  }
  return std::nullopt;
}

std::optional<Refusal> RequestParser::parse_head(const Limits& limits, std::string_view head, Request& request) {
  head.remove_prefix(head_start_);
  const std::size_t line_end = head.find("\r\n");
  if (const auto refusal = parse_request_line(limits, head.substr(0, line_end), request)) return refusal;
  head.remove_prefix(line_end + 2);
  request.header_count_ = 0;
  while (head.size() > 2) {
    const char* found = static_cast<const char*>(std::memchr(head.data(), '\n', head.size()));
    const std::size_t size = static_cast<std::size_t>(found - head.data());
    if (const auto refusal = parse_header(head.substr(0, size - 1), request)) return refusal;
    head.remove_prefix(size + 1);
  }
  return check_framing(limits, request);
}

std::optional<Refusal> RequestParser::parse_request_line(const Limits& limits, std::string_view line,
                                                         Request& request) {
  const std::size_t method_end = line.find(' ');
  if (method_end == std::string_view::npos || method_end == 0) return Refusal::request_line;
  const std::string_view method = line.substr(0, method_end);
  if (!all_in(token_characters, method)) return Refusal::request_line;
  const std::string_view rest = line.substr(method_end + 1);
  const std::size_t target_end = rest.find(' ');
  if (target_end == std::string_view::npos || target_end == 0) return Refusal::request_line;
  const std::string_view version = rest.substr(target_end + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Refusal::version;
  std::string_view target = rest.substr(0, target_end);
  if (target.size() > limits.target_bytes_max) return Refusal::target_too_long;
  if (!all_in(target_characters, target)) return Refusal::target;
  request.method_ = method_of(method);
  if (target.front() != '/' && !(target == "*" && request.method_ == Method::options) && !strip_origin(target)) {
    return Refusal::target;
  }
  request.method_name_ = method;
  request.target_ = target;
  request.path_size_ = std::min(target.find('?'), target.size());
  request.is_http_1_0_ = version.back() == '0';
  return std::nullopt;
}

std::optional<Refusal> RequestParser::parse_header(std::string_view line, Request& request) {
  if (line.front() == ' ' || line.front() == '\t') return Refusal::folded_header;
  std::size_t name_size = 0;
  while (name_size < line.size() && token_characters[static_cast<unsigned char>(line[name_size])]) ++name_size;
  if (name_size == 0 || name_size == line.size() || line[name_size] != ':') return Refusal::header;
  const Header header{line.substr(0, name_size), trim(line.substr(name_size + 1))};
  if (!all_in(value_characters, header.value)) {
    return header.value.find('\r') == std::string_view::npos ? Refusal::header : Refusal::line_end;
  }
  if (request.header_count_ == headers_max) return Refusal::too_many_headers;
  request.headers_[request.header_count_++] = header;
  return note_header(header, request);
}

// Keeps what the server itself has to know.
std::optional<Refusal> RequestParser::note_header(const Header& header, Request& request) {
  switch (header.name.size()) {
    case 4:
      if (!equal_ignoring_case(header.name, "host")) break;
      if (has_host_ || !all_in(host_characters, header.value)) return Refusal::host;
      has_host_ = true;
      break;
    case 6:
      if (!equal_ignoring_case(header.name, "expect")) break;
      if (!equal_ignoring_case(header.value, "100-continue")) return Refusal::expectation;
      expects_continue_ = !request.is_http_1_0_;
      break;
    case 10:
      if (!equal_ignoring_case(header.name, "connection")) break;
      wants_close_ |= list_has(header.value, "close");
      wants_keep_alive_ |= list_has(header.value, "keep-alive");
      break;
    case 14: {
      if (!equal_ignoring_case(header.name, "content-length")) break;
      const char* end = header.value.data() + header.value.size();
      if (has_length_) return Refusal::content_length;
      const auto [stop, error] = std::from_chars(header.value.data(), end, body_bytes_);
      if (error == std::errc::result_out_of_range && stop == end) return Refusal::body_too_large;
      if (error != std::errc{} || stop != end) return Refusal::content_length;
      has_length_ = true;
      break;
    }
    case 17:
      if (!equal_ignoring_case(header.name, "transfer-encoding")) break;
      if (has_transfer_encoding_ || request.is_http_1_0_) return Refusal::transfer_encoding;
      if (!equal_ignoring_case(header.value, "chunked")) {
        return contains_ignoring_case(header.value, "chunked") || header.value.empty()
                   ? Refusal::transfer_encoding
                   : Refusal::transfer_encoding_unknown;
      }
      has_transfer_encoding_ = true;
      break;
    default: break;
  }
  return std::nullopt;
}

std::optional<Refusal> RequestParser::check_framing(const Limits& limits, Request& request) {
  if (!has_host_ && !request.is_http_1_0_) return Refusal::host;
#ifndef QUIPU_BUG_BOTH_LENGTHS_ACCEPTED
  if (has_transfer_encoding_ && has_length_) return Refusal::both_lengths;
#endif
  body_bytes_max_ = request.path() == limits.large_body_path ? limits.large_body_bytes_max : limits.body_bytes_max;
  if (has_length_ && body_bytes_ > body_bytes_max_) return Refusal::body_too_large;
  body_ = has_transfer_encoding_ ? Body::chunked : (has_length_ && body_bytes_ > 0) ? Body::sized : Body::none;
  if (body_ != Body::sized) body_bytes_ = 0;
  request.keep_alive_ = !wants_close_ && (!request.is_http_1_0_ || wants_keep_alive_);
  return std::nullopt;
}

// The decoded bytes stand right behind the head. What cannot be decoded yet is moved up behind them.
std::optional<Refusal> RequestParser::decode_chunks(char* bytes, std::size_t& size) {
  if (chunks_ended_) return std::nullopt;  // and what they were encoded in still stands behind them
  std::size_t at = head_bytes_ + body_bytes_;
  while (at < size && !chunks_ended_) {
    if (chunk_part_ == ChunkPart::data) {
      const std::size_t piece = std::min(chunk_bytes_left_, size - at);
      std::memmove(bytes + head_bytes_ + body_bytes_, bytes + at, piece);
      body_bytes_ += piece;
      chunk_bytes_left_ -= piece;
      at += piece;
      if (chunk_bytes_left_ == 0) chunk_part_ = ChunkPart::data_end;
      continue;
    }
    const std::string_view rest{bytes + at, size - at};
    if (chunk_part_ == ChunkPart::data_end && (rest[0] != '\r' || (rest.size() > 1 && rest[1] != '\n'))) {
      return Refusal::chunk;
    }
    const std::size_t line_feed = rest.find('\n');
    const std::size_t line_bytes = std::min(line_feed, rest.size());
    if (chunk_part_ == ChunkPart::size && line_bytes > chunk_line_bytes_max) return Refusal::chunk;
    if (chunk_part_ == ChunkPart::trailer && trailer_bytes_ + line_bytes > trailer_bytes_max) {
      return Refusal::trailer_too_large;
    }
    if (line_feed == std::string_view::npos) break;
    if (line_feed == 0 || rest[line_feed - 1] != '\r') return Refusal::chunk;
    if (const auto refusal = parse_chunk_line(rest.substr(0, line_feed - 1))) return refusal;
    at += line_feed + 1;
  }
  const std::size_t body_end = head_bytes_ + body_bytes_;
  if (chunks_ended_) {
    consumed_ = at;
    return std::nullopt;
  }
  std::memmove(bytes + body_end, bytes + at, size - at);
  size -= at - body_end;
  return std::nullopt;
}

// `line` is without its CR LF.
std::optional<Refusal> RequestParser::parse_chunk_line(std::string_view line) {
  if (chunk_part_ == ChunkPart::data_end) {
    if (!line.empty()) return Refusal::chunk;
    chunk_part_ = ChunkPart::size;
    return std::nullopt;
  }
  if (chunk_part_ == ChunkPart::trailer) {
    trailer_bytes_ += line.size() + 2;
    chunks_ended_ = line.empty();
    if (line.empty()) return std::nullopt;
    const std::size_t colon = line.find(':');
    const bool is_header = colon != std::string_view::npos && colon != 0 &&
                           all_in(token_characters, line.substr(0, colon)) &&
                           all_in(value_characters, line.substr(colon + 1));
    return is_header ? std::nullopt : std::optional{Refusal::chunk};
  }
  const std::size_t digits = std::min(line.find(';'), line.size());
  if (digits == 0 || digits > chunk_size_digits_max) return Refusal::chunk;
  const auto [stop, error] = std::from_chars(line.data(), line.data() + digits, chunk_bytes_left_, 16);
  if (error != std::errc{} || stop != line.data() + digits) return Refusal::chunk;
  if (!all_in(value_characters, line.substr(digits))) return Refusal::chunk;
  if (chunk_bytes_left_ > body_bytes_max_ - std::min(body_bytes_, body_bytes_max_)) {
    return Refusal::body_too_large;
  }
  chunk_part_ = chunk_bytes_left_ == 0 ? ChunkPart::trailer : ChunkPart::data;
  return std::nullopt;
}

}  // namespace quipu::http
