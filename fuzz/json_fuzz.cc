// The JSON reader against any bytes: reading and skipping agree on what is JSON, and what was read is, written again,
// the same to a second reader.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace {

using quipu::JsonReader;
using quipu::JsonType;
using quipu::JsonWriter;

bool copy_value(JsonReader& in, JsonWriter& out) {
  std::string_view text;
  bool boolean = false;
  switch (in.peek_type()) {
    case JsonType::object:
      if (!in.begin_object()) return false;
      out.begin_object();
      while (in.next_member(text)) {
        QUIPU_ASSERT(quipu::is_valid_utf8(text));
        out.member(text);
        if (!copy_value(in, out)) return false;
      }
      if (!in.failed()) out.end_object();
      break;
    case JsonType::array:
      if (!in.begin_array()) return false;
      out.begin_array();
      while (in.next_element())
        if (!copy_value(in, out)) return false;
      if (!in.failed()) out.end_array();
      break;
    case JsonType::string:
      if (!in.read_string(text)) break;
      QUIPU_ASSERT(quipu::is_valid_utf8(text));
      out.string(text);
      break;
    case JsonType::number:
      if (in.read_number(text)) out.raw_number(text);
      break;
    case JsonType::boolean:
      if (in.read_bool(boolean)) out.boolean(boolean);
      break;
    case JsonType::null:
    case JsonType::none:
      if (in.read_null()) out.null();
      break;
  }
  return !in.failed();
}

bool copy_text(std::string_view text, std::string& copy) {
  JsonReader in{text};
  JsonWriter out{copy};
  const bool good = copy_value(in, out) && in.finish();
  QUIPU_ASSERT(good || in.error_offset() <= text.size(), "{}", in.error_offset());
  return good;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  std::string copy;
  const bool good = copy_text(text, copy);
  JsonReader skipping{text};
  QUIPU_ASSERT((skipping.skip_value() && skipping.finish()) == good, "{}", text);
  JsonReader as_integer{text};
  std::int64_t integer = 0;
  if (as_integer.read_int64(integer) && as_integer.finish()) QUIPU_ASSERT(good, "{}", text);
  if (!good) return 0;
  std::string again;
  QUIPU_ASSERT(copy_text(copy, again) && again == copy, "{} became {}", copy, again);
  return 0;
}
