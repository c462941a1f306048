#include "aws/base64.h"

#include <array>
#include <cstdint>

namespace quipu::aws {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;

constexpr auto digits = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

std::uint8_t digit(char c) {
  return digits[static_cast<unsigned char>(c)];
}

std::size_t padding_of(std::string_view text) {
  if (text.ends_with("==")) return 2;
  return text.ends_with('=') ? 1 : 0;
}

// Of a text whose length is right: every character is a digit, and the bits that stand for nothing are zero.
bool is_well_formed(std::string_view text) {
  const std::size_t padding = padding_of(text);
  const std::string_view body = text.substr(0, text.size() - padding);
  std::uint8_t all = 0;
  for (const char c : body) all |= digit(c);
  if ((all & 0x80) != 0) return false;  // only no_digit has this bit
  if (padding == 0) return true;
  return (digit(body.back()) & (padding == 1 ? 0x03 : 0x0f)) == 0;
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  const std::size_t before = out.size();
  out.resize(before + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + before;
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 3; left -= 3, from += 3) {
    const std::uint32_t group =
        static_cast<std::uint32_t>(from[0]) << 16 | static_cast<std::uint32_t>(from[1]) << 8 | from[2];
    *to++ = alphabet[group >> 18];
    *to++ = alphabet[group >> 12 & 0x3f];
    *to++ = alphabet[group >> 6 & 0x3f];
    *to++ = alphabet[group & 0x3f];
  }
  if (left == 0) return;
  const std::uint32_t group =
      static_cast<std::uint32_t>(from[0]) << 16 | (left == 2 ? static_cast<std::uint32_t>(from[1]) << 8 : 0U);
  *to++ = alphabet[group >> 18];
  *to++ = alphabet[group >> 12 & 0x3f];
  *to++ = left == 2 ? alphabet[group >> 6 & 0x3f] : '=';
  *to = '=';
}

Answer<> check_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return serialization("Base64 encoded length is expected a multiple of 4 bytes but found: {}", text.size());
  // The service's spelling.
  if (!text.empty() && !is_well_formed(text)) return serialization("Invalid last non-pad Base64 character dectected");
  return {};
}

Answer<> decode_base64(std::string_view text, std::string& bytes) {
  QUIPU_CHECK(check_base64(text));
  const std::size_t padding = padding_of(text);
  bytes.resize(text.size() / 4 * 3);
  auto* to = bytes.data();
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const auto at = [&](std::size_t k) { return text[i + k] == '=' ? 0U : std::uint32_t{digit(text[i + k])}; };
    const std::uint32_t group = at(0) << 18 | at(1) << 12 | at(2) << 6 | at(3);
    *to++ = static_cast<char>(group >> 16);
    *to++ = static_cast<char>(group >> 8 & 0xff);
    *to++ = static_cast<char>(group & 0xff);
  }
  bytes.resize(bytes.size() - padding);
  return {};
}

}  // namespace quipu::aws
