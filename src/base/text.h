// Small questions about text that several parts ask. Nothing here depends on a locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quipu {

// Well-formed UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);

// The length in bytes (1 to 4) of the well-formed UTF-8 sequence that `text` begins with, or 0 if there is none.
std::size_t utf8_sequence_bytes(std::string_view text);

// The length of well-formed UTF-8 as Java counts: characters beyond the first 65536 are two.
std::int64_t utf16_units(std::string_view text);

// Appends the UTF-8 form of a code point, which must be a Unicode scalar value.
void append_utf8(std::string& out, char32_t code_point);

// One spelling a number: an optional '-' and digits without leading zeros. "+1", "01", "-0", "1.0", " 1" and everything
// outside the range are refused.
std::optional<std::int64_t> parse_int64(std::string_view text);

// Allocate only what `out` needs to grow.
void append_int64(std::string& out, std::int64_t value);
void append_uint64(std::string& out, std::uint64_t value);

// A and a are the same, letters outside ASCII are not.
bool equal_ignoring_ascii_case(std::string_view a, std::string_view b);

// For a line of output: control characters, and bytes that are no UTF-8, as \xNN, and a backslash as two. So a name can
// neither forge a line nor command a terminal.
std::string printable(std::string_view text);

// Without the spaces and tabs at both ends.
std::string_view trim(std::string_view text);

}  // namespace quipu
