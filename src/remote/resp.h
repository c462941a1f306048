// RESP2, the protocol of Redis: a command is an array of strings, a reply one of five kinds. Pure: bytes in, bytes out.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu::remote::resp {

// What is longer is no answer to anything that we ask.
inline constexpr std::size_t text_bytes_max = 16_MiB;
inline constexpr std::size_t list_items_max = 1 << 16;
inline constexpr int list_depth_max = 8;
inline constexpr std::size_t line_bytes_max = 64_KiB;

struct Reply {
  enum class Kind : std::uint8_t { nothing, text, error, integer, list };

  Kind kind = Kind::nothing;
  std::string text;  // of text and error
  std::int64_t integer = 0;
  std::vector<Reply> list;

  bool is_error() const { return kind == Kind::error; }
  // The first word of an error, which says what kind it is: MOVED, LOADING, ERR.
  std::string_view error_code() const { return std::string_view{text}.substr(0, text.find(' ')); }
};

void append_command(std::string& out, std::initializer_list<std::string_view> words);
void append_command(std::string& out, const std::vector<std::string_view>& words);

// How many bytes the reply takes at the front of `bytes`; 0 if it is not whole yet. An error: this is not RESP2.
Result<std::size_t> parse_reply(std::string_view bytes, Reply& reply);

}  // namespace quipu::remote::resp
