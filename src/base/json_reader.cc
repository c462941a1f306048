#include "base/json_reader.h"

#include <bit>
#include <cstring>

#include "base/assert.h"
#include "base/text.h"

namespace quipu {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// How many of the bytes from `at` on are plain parts of a string: printable ASCII without quote and backslash. Eight
// bytes at a time; each test marks the top bit of a byte, and the lowest mark is exact although higher ones may not be.
const char* skip_plain(const char* at, const char* end) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t tops = ones * 0x80;
  while (end - at >= static_cast<std::ptrdiff_t>(sizeof(std::uint64_t))) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t quotes = word ^ (ones * '"');
    const std::uint64_t backslashes = word ^ (ones * '\\');
    const std::uint64_t marks =
        (word | ((word - ones * 0x20) & ~word) | ((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes)) &
        tops;
    if (marks != 0) return at + std::countr_zero(marks) / 8;
    at += sizeof word;
  }
  while (at != end) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
    ++at;
  }
  return at;
}

// Takes `at` past the non-ASCII characters there; false, at the first bad one, if they are not UTF-8.
bool skip_non_ascii(const char*& at, const char* end) {
  const auto is = [](char c, unsigned mask, unsigned bits) { return (static_cast<unsigned char>(c) & mask) == bits; };
  while (at != end && static_cast<unsigned char>(*at) >= 0x80) {
    // Two bytes are most letters of Europe and the Near East; the rest is judged in text.h.
    if (end - at >= 2 && is(at[0], 0xe0, 0xc0) && static_cast<unsigned char>(at[0]) >= 0xc2 && is(at[1], 0xc0, 0x80)) {
      at += 2;
      continue;
    }
    const std::size_t bytes = utf8_sequence_bytes({at, end});
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four hex digits at `at`, or -1.
int read_hex4(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_value(at[i]);
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

}  // namespace

std::string_view to_string(JsonType type) {
  switch (type) {
    case JsonType::object: return "an object";
    case JsonType::array: return "an array";
    case JsonType::string: return "a string";
    case JsonType::number: return "a number";
    case JsonType::boolean: return "true or false";
    case JsonType::null: return "null";
    case JsonType::none: break;
  }
  return "nothing";
}

JsonReader::JsonReader(std::string_view text)
    : begin_{text.data()}, end_{text.data() + text.size()}, at_{begin_}, last_{begin_} {}

bool JsonReader::fail_at(const char* where, std::string_view message) {
  if (failed_) return false;
  failed_ = true;
  error_offset_ = static_cast<std::size_t>(where - begin_);
  error_message_ = fmt::format("{} at byte {}{}", message, error_offset_, where == end_ ? ", where the text ends" : "");
  return false;
}

bool JsonReader::fail(std::string_view message) {
  return fail_at(last_, message);
}

std::unexpected<Error> JsonReader::error() const {
  QUIPU_ASSERT(failed_);
  return std::unexpected(Error{ErrorCode::invalid_argument, error_message_});
}

void JsonReader::skip_white_space() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

// A value is read only where one can stand: at the start, after a name, or after next_element said so.
bool JsonReader::value_may_begin() {
  if (failed_) return false;
  QUIPU_ASSERT(expect_ == Expect::value, "a value is read where none can stand, at byte {}", at_ - begin_);
  skip_white_space();
  last_ = at_;
  return true;
}

bool JsonReader::wrong_type(std::string_view expected) {
  return fail_at(at_, fmt::format("expected {}", expected));
}

JsonType JsonReader::peek_type() {
  if (failed_ || expect_ != Expect::value) return JsonType::none;
  skip_white_space();
  if (at_ == end_) return JsonType::none;
  switch (*at_) {
    case '{': return JsonType::object;
    case '[': return JsonType::array;
    case '"': return JsonType::string;
    case 't':
    case 'f': return JsonType::boolean;
    case 'n': return JsonType::null;
    default: return *at_ == '-' || is_digit(*at_) ? JsonType::number : JsonType::none;
  }
}

void JsonReader::end_value() {
  expect_ = depth_ == 0 ? Expect::nothing : Expect::comma_or_end;
}

void JsonReader::end_container() {
  ++at_;
  --depth_;
  end_value();
}

bool JsonReader::begin(char bracket, Expect expect) {
  if (!value_may_begin()) return false;
  const bool object = bracket == '{';
  if (at_ == end_ || *at_ != bracket) return wrong_type(object ? "an object" : "an array");
  if (depth_ == json_depth_max)
    return fail_at(at_, fmt::format("more than {} objects and arrays inside each other", json_depth_max));
  objects_[depth_++] = object;
  ++at_;
  expect_ = expect;
  return true;
}

bool JsonReader::begin_object() {
  return begin('{', Expect::first_name_or_end);
}

bool JsonReader::begin_array() {
  return begin('[', Expect::first_element_or_end);
}

bool JsonReader::next_member(std::string_view& name) {
  if (failed_) return false;
  QUIPU_ASSERT(depth_ > 0 && objects_[depth_ - 1] && expect_ != Expect::value, "not between members, at byte {}",
               at_ - begin_);
  skip_white_space();
  if (at_ != end_ && *at_ == '}') {
    end_container();
    return false;
  }
  if (expect_ == Expect::comma_or_end) {
    if (at_ == end_ || *at_ != ',') return fail_at(at_, "expected ',' or '}'");
    ++at_;
    skip_white_space();
  }
  if (at_ == end_ || *at_ != '"') return fail_at(at_, "expected a member's name in quotes");
  last_ = at_;
  if (!scan_string(name, name_scratch_)) return false;
  skip_white_space();
  if (at_ == end_ || *at_ != ':') return fail_at(at_, "expected ':'");
  ++at_;
  expect_ = Expect::value;
  return true;
}

bool JsonReader::next_element() {
  if (failed_) return false;
  QUIPU_ASSERT(depth_ > 0 && !objects_[depth_ - 1] && expect_ != Expect::value, "not between elements, at byte {}",
               at_ - begin_);
  skip_white_space();
  if (at_ != end_ && *at_ == ']') {
    end_container();
    return false;
  }
  if (expect_ == Expect::comma_or_end) {
    if (at_ == end_ || *at_ != ',') return fail_at(at_, "expected ',' or ']'");
    ++at_;
  } else if (at_ == end_) {
    return fail_at(at_, "expected a value or ']'");
  }
  expect_ = Expect::value;
  return true;
}

bool JsonReader::read_string(std::string_view& value) {
  if (!value_may_begin()) return false;
  if (at_ == end_ || *at_ != '"') return wrong_type("a string");
  if (!scan_string(value, value_scratch_)) return false;
  end_value();
  return true;
}

bool JsonReader::scan_string(std::string_view& value, std::string& scratch) {
  const char* const from = at_ + 1;
  const char* at = from;
  for (;;) {
    at = skip_plain(at, end_);
    if (at == end_) return fail_at(at, "expected the end of a string");
    const auto byte = static_cast<unsigned char>(*at);
    if (byte == '"') {
      value = {from, at};
      at_ = at + 1;
      return true;
    }
    if (byte == '\\') return scan_escaped_string(at, value, scratch);
    if (byte < 0x20) return fail_at(at, "a control character must be escaped");
    if (!skip_non_ascii(at, end_)) return fail_at(at, "the string is not UTF-8");
  }
}

// Goes on with the string that begins at at_ and has its first escape at `at`.
bool JsonReader::scan_escaped_string(const char* at, std::string_view& value, std::string& scratch) {
  scratch.assign(at_ + 1, at);
  const char* copied = at;
  for (;;) {
    at = skip_plain(at, end_);
    if (at == end_) return fail_at(at, "expected the end of a string");
    const auto byte = static_cast<unsigned char>(*at);
    if (byte == '"') {
      scratch.append(copied, at);
      value = scratch;
      at_ = at + 1;
      return true;
    }
    if (byte == '\\') {
      scratch.append(copied, at);
      if (!scan_escape(at, scratch)) return false;
      copied = at;
      continue;
    }
    if (byte < 0x20) return fail_at(at, "a control character must be escaped");
    if (!skip_non_ascii(at, end_)) return fail_at(at, "the string is not UTF-8");
  }
}

bool JsonReader::scan_escape(const char*& at, std::string& scratch) {
  char plain = 0;
  switch (at + 1 == end_ ? '\0' : at[1]) {
    case '"': plain = '"'; break;
    case '\\': plain = '\\'; break;
    case '/': plain = '/'; break;
    case 'b': plain = '\b'; break;
    case 'f': plain = '\f'; break;
    case 'n': plain = '\n'; break;
    case 'r': plain = '\r'; break;
    case 't': plain = '\t'; break;
    case 'u': return scan_unicode_escape(at, scratch);
    default: return fail_at(at, "unknown escape in a string");
  }
  scratch.push_back(plain);
  at += 2;
  return true;
}

bool JsonReader::scan_unicode_escape(const char*& at, std::string& scratch) {
  const int first = read_hex4(at + 2, end_);
  if (first < 0) return fail_at(at, "expected four hex digits after \\u");
  auto code_point = static_cast<char32_t>(first);
  const char* next = at + 6;
  if (first >= 0xd800 && first <= 0xdfff) {
    const bool escape_follows = end_ - next >= 2 && next[0] == '\\' && next[1] == 'u';
    const int second = first <= 0xdbff && escape_follows ? read_hex4(next + 2, end_) : -1;
    if (second < 0xdc00 || second > 0xdfff) return fail_at(at, "half of a surrogate pair");
    code_point = static_cast<char32_t>(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
    next += 6;
  }
  append_utf8(scratch, code_point);
  at = next;
  return true;
}

bool JsonReader::scan_number(std::string_view& text) {
  const char* at = at_;
  const auto digits = [&at, this] {
    const char* const from = at;
    while (at != end_ && is_digit(*at)) ++at;
    return at != from;
  };
  if (at != end_ && *at == '-') ++at;
  if (at == end_ || !is_digit(*at)) return wrong_type("a number");
  if (*at == '0') {
    ++at;
    if (at != end_ && is_digit(*at)) return fail_at(at_, "a number must not begin with zeros");
  } else {
    digits();
  }
  if (at != end_ && *at == '.') {
    ++at;
    if (!digits()) return fail_at(at, "expected a digit after '.'");
  }
  if (at != end_ && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end_ && (*at == '+' || *at == '-')) ++at;
    if (!digits()) return fail_at(at, "expected a digit in the exponent");
  }
  text = {at_, at};
  at_ = at;
  return true;
}

bool JsonReader::read_number(std::string_view& text) {
  if (!value_may_begin() || !scan_number(text)) return false;
  end_value();
  return true;
}

bool JsonReader::read_int64(std::int64_t& value) {
  std::string_view text;
  if (!read_number(text)) return false;
  if (text.find_first_of(".eE") != std::string_view::npos)
    return fail("expected an integer without fraction and exponent");
  const auto parsed = text == "-0" ? 0 : parse_int64(text);
  if (!parsed) return fail("expected an integer from -9223372036854775808 to 9223372036854775807");
  value = *parsed;
  return true;
}

bool JsonReader::read_literal(std::string_view literal, std::string_view what) {
  if (!std::string_view{at_, end_}.starts_with(literal)) return wrong_type(what);
  at_ += literal.size();
  end_value();
  return true;
}

bool JsonReader::read_bool(bool& value) {
  if (!value_may_begin()) return false;
  const bool is_true = at_ != end_ && *at_ == 't';
  if (!read_literal(is_true ? "true" : "false", "true or false")) return false;
  value = is_true;
  return true;
}

bool JsonReader::read_null() {
  return value_may_begin() && read_literal("null", "null");
}

bool JsonReader::skip_value() {
  if (!value_may_begin()) return false;
  const std::size_t outside = depth_;
  std::string_view ignored;
  bool ignored_bool = false;
  for (;;) {
    switch (peek_type()) {
      case JsonType::object: begin_object(); break;
      case JsonType::array: begin_array(); break;
      case JsonType::string: read_string(ignored); break;
      case JsonType::number: read_number(ignored); break;
      case JsonType::boolean: read_bool(ignored_bool); break;
      case JsonType::null: read_null(); break;
      case JsonType::none: return wrong_type("a value");
    }
    // Until there is another value to read: closes what ends here, and stops after the value that was begun with.
    while (!failed_) {
      if (depth_ == outside) return true;
      if (objects_[depth_ - 1] ? next_member(ignored) : next_element()) break;
    }
    if (failed_) return false;
  }
}

bool JsonReader::finish() {
  if (failed_) return false;
  QUIPU_ASSERT(expect_ == Expect::nothing, "the value was not read to its end, at byte {}", at_ - begin_);
  skip_white_space();
  if (at_ != end_) return fail_at(at_, "expected the end of the text");
  return true;
}

}  // namespace quipu
