// A pull reader for JSON text in memory: no tree, no recursion, no allocation unless a string has escapes. It is made
// so that a decoder reads straight into typed structures and an error names the place:
//
//   JsonReader json{body};
//   std::string_view name;
//   json.begin_object();
//   while (json.next_member(name)) {
//     if (name == "by") json.read_int64(by);
//     else json.fail("unknown member");
//   }
//   if (!json.finish()) return json.error();
//
// The first error is kept, with its byte offset; from then on every call does nothing and returns false, so a decoder
// may check once at its end. Strict RFC 8259, and every string is checked to be UTF-8. Members that occur twice are for
// the caller to notice: the reader keeps no names.
//
// Reading a value where none can stand, or going on to the next member without reading this one, is a bug of the
// caller and asserts. The text must stay alive and
// unchanged while the reader and what it returned are used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu {

inline constexpr std::size_t json_depth_max = 64;  // objects and arrays inside each other

enum class JsonType : std::uint8_t { object, array, string, number, boolean, null, none };

std::string_view to_string(JsonType type);

class JsonReader {
 public:
  explicit JsonReader(std::string_view text);

  // What comes next, without reading it; `none` at the end of the text, after an error and where no value can begin.
  JsonType peek_type();

  bool begin_object();
  // True: `name` is the next member's, and its value must be read or skipped next. False: the object has ended, or
  // there is an error. `name` holds until the next call of next_member or skip_value.
  bool next_member(std::string_view& name);

  bool begin_array();
  // True: another element follows and must be read or skipped. False: the array has ended, or there is an error.
  bool next_element();

  bool read_string(std::string_view& value);  // `value` holds until the next call of read_string or skip_value
  bool read_number(std::string_view& text);   // as it is written, for numbers wider than any built-in type
  bool read_int64(std::int64_t& value);       // 1.0 and 1e3 are refused: an integer is written as one
  bool read_bool(bool& value);
  bool read_null();
  bool skip_value();

  // Nothing but white space may follow. False if there was an error, here or earlier.
  bool finish();

  // Refuses the value or name that was read last, for a reason of the caller's: "MESSAGE at byte N". An earlier error
  // is kept. Always false.
  bool fail(std::string_view message);

  bool failed() const { return failed_; }
  std::size_t error_offset() const { return error_offset_; }
  const std::string& error_message() const { return error_message_; }  // "expected a number at byte 17"
  // For `return json.error();` from a function with a Result; only after a failure.
  std::unexpected<Error> error() const;

 private:
  enum class Expect : std::uint8_t { value, first_name_or_end, first_element_or_end, comma_or_end, nothing };

  bool fail_at(const char* where, std::string_view message);
  void skip_white_space();
  bool value_may_begin();
  bool begin(char bracket, Expect expect);
  void end_value();
  void end_container();
  bool read_literal(std::string_view literal, std::string_view what);
  bool scan_number(std::string_view& text);
  bool scan_string(std::string_view& value, std::string& scratch);
  bool scan_escaped_string(const char* from, std::string_view& value, std::string& scratch);
  bool scan_escape(const char*& at, std::string& scratch);
  bool scan_unicode_escape(const char*& at, std::string& scratch);
  bool wrong_type(std::string_view expected);

  const char* begin_;
  const char* end_;
  const char* at_;
  const char* last_;  // where what was read last begins: the place of the caller's own errors
  Expect expect_ = Expect::value;
  bool failed_ = false;
  std::size_t depth_ = 0;
  std::array<bool, json_depth_max> objects_;  // by depth: an object, not an array
  std::size_t error_offset_ = 0;
  std::string error_message_;
  std::string name_scratch_;
  std::string value_scratch_;
};

}  // namespace quipu
