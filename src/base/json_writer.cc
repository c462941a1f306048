#include "base/json_writer.h"

#include <bit>
#include <cstring>

#include "base/assert.h"
#include "base/text.h"

namespace quipu {

namespace {

bool needs_escape(unsigned char byte) {
  return byte < 0x20 || byte == '"' || byte == '\\';
}

// How many of the next eight bytes need no escape, before the first that does.
std::size_t plain_bytes(const char* eight) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t high_bits = 0x80 * ones;
  // The high bit of each byte below `limit`; a borrow falsifies only what is behind the first of them.
  const auto below = [](std::uint64_t word, std::uint64_t limit) { return (word - limit * ones) & ~word & high_bits; };
  std::uint64_t word;
  std::memcpy(&word, eight, sizeof word);
  const std::uint64_t found = below(word, 0x20) | below(word ^ '"' * ones, 1) | below(word ^ '\\' * ones, 1);
  static_assert(std::endian::native == std::endian::little);
  return static_cast<std::size_t>(std::countr_zero(found)) / 8;
}

void append_escape(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (byte) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += "\\u00";
  out.push_back(digits[byte >> 4]);
  out.push_back(digits[byte & 15]);
}

}  // namespace

void append_json_string(std::string& out, std::string_view value) {
  out.push_back('"');
  std::size_t plain_from = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    while (value.size() - i >= 8) {
      const std::size_t plain = plain_bytes(value.data() + i);
      i += plain;
      if (plain < 8) break;
    }
    if (i == value.size()) break;
    const auto byte = static_cast<unsigned char>(value[i]);
    if (!needs_escape(byte)) continue;
    out.append(value.substr(plain_from, i - plain_from));
    append_escape(out, byte);
    plain_from = i + 1;
  }
  out.append(value.substr(plain_from));
  out.push_back('"');
}

void JsonWriter::before_value() {
  if (depth_ == 0) {
    QUIPU_ASSERT(!comma_, "a second value after the whole one");
    return;
  }
  if (objects_[depth_ - 1]) {
    QUIPU_ASSERT(named_, "a value without a name in an object");
    named_ = false;
  } else if (comma_) {
    out_.push_back(',');
  }
}

void JsonWriter::begin(char bracket, bool object) {
  before_value();
  QUIPU_ASSERT(depth_ < json_depth_max, "depth {}", depth_);
  objects_[depth_++] = object;
  comma_ = false;
  out_.push_back(bracket);
}

void JsonWriter::end(char bracket, bool object) {
  QUIPU_ASSERT(depth_ > 0 && objects_[depth_ - 1] == object && !named_, "{} at depth {}", bracket, depth_);
  --depth_;
  comma_ = true;
  out_.push_back(bracket);
}

JsonWriter& JsonWriter::begin_object() {
  begin('{', true);
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  end('}', true);
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  begin('[', false);
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  end(']', false);
  return *this;
}

JsonWriter& JsonWriter::member(std::string_view name) {
  QUIPU_ASSERT(depth_ > 0 && objects_[depth_ - 1] && !named_, "name {} at depth {}", name, depth_);
  if (comma_) out_.push_back(',');
  append_json_string(out_, name);
  out_.push_back(':');
  named_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
  before_value();
  append_json_string(out_, value);
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::int64(std::int64_t value) {
  before_value();
  append_int64(out_, value);
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::uint64(std::uint64_t value) {
  before_value();
  append_uint64(out_, value);
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::raw_number(std::string_view text) {
  return raw_value(text);
}

JsonWriter& JsonWriter::raw_value(std::string_view json) {
  QUIPU_ASSERT(!json.empty());
  before_value();
  out_ += json;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  return raw_value(value ? "true" : "false");
}

JsonWriter& JsonWriter::null() {
  return raw_value("null");
}

}  // namespace quipu
