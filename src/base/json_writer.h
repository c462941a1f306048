// Appends compact JSON (RFC 8259) to a string of the caller:
//
//   JsonWriter json{body};
//   json.begin_object();
//   json.member("counter").string(name);
//   json.member("new_value").int64(value);
//   json.end_object();
//
// Commas are put where they belong. Values out of place (two names in a row, a value without a name in an object, an
// end that does not fit its beginning) are bugs of the caller and assert. Strings must be UTF-8; they are not checked
// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_reader.h"

namespace quipu {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_{out} {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& member(std::string_view name);
  JsonWriter& string(std::string_view value);
  JsonWriter& int64(std::int64_t value);
  JsonWriter& uint64(std::uint64_t value);
  JsonWriter& raw_number(std::string_view text);  // must be a JSON number
  JsonWriter& raw_value(std::string_view json);   // must be one whole JSON value
  JsonWriter& boolean(bool value);
  JsonWriter& null();

  // Every object and array that was begun is ended, and there is one value.
  bool complete() const { return depth_ == 0 && comma_; }

 private:
  void before_value();
  void begin(char bracket, bool object);
  void end(char bracket, bool object);

  std::string& out_;
  bool comma_ = false;  // a value stands before the place where the next one goes
  bool named_ = false;  // a member's name was written, its value was not
  std::size_t depth_ = 0;
  bool objects_[json_depth_max] = {};  // by depth: an object, not an array
};

// The string with its quotes.
void append_json_string(std::string& out, std::string_view value);

}  // namespace quipu
