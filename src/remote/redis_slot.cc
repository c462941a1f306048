#include "remote/redis_slot.h"

#include <fmt/format.h>

#include <array>
#include <vector>

namespace quipu::remote {

namespace {

constexpr std::string_view marker_prefix = "quipu:request:";

// CRC-16/XMODEM.
constexpr auto crc_table = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}();

std::uint16_t crc16(std::string_view bytes) {
  unsigned crc = 0;
  for (const char byte : bytes) crc = (crc << 8 & 0xffff) ^ crc_table[(crc >> 8) ^ static_cast<unsigned char>(byte)];
  return static_cast<std::uint16_t>(crc);
}

// What the slot depends on.
std::string_view hashed_part(std::string_view key) {
  const auto open = key.find('{');
  if (open == std::string_view::npos) return key;
  const auto close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

// The smallest number of each slot, as text.
const std::vector<std::string>& tags() {
  static const std::vector<std::string> by_slot = [] {
    std::vector<std::string> found(redis_slots);
    std::size_t left = found.size();
    for (unsigned number = 0; left > 0; ++number) {
      const std::string text = std::to_string(number);
      std::string& place = found[crc16(text) % redis_slots];
      if (!place.empty()) continue;
      place = text;
      --left;
    }
    return found;
  }();
  return by_slot;
}

}  // namespace

std::uint16_t redis_slot(std::string_view key) {
  return crc16(hashed_part(key)) % redis_slots;
}

std::string redis_marker_key(std::string_view counter, std::string_view marker) {
  std::string_view tag = hashed_part(counter);
  // A tag ends at the first closing brace. An id that has one, but outside of a pair, cannot be a tag itself.
  if (tag.contains('}')) tag = tags()[redis_slot(counter)];
  if (tag == counter) return fmt::format("{}{{{}}}:{}", marker_prefix, tag, marker);
  return fmt::format("{}{{{}}}:{}:{}", marker_prefix, tag, marker, counter);
}

}  // namespace quipu::remote
