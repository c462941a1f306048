#include "base/crc32c.h"

#include <array>
#include <cstring>

namespace quipu {

namespace {

constexpr auto table = [] {
  std::array<std::uint32_t, 256> entries{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78u : 0u);
    entries[i] = value;
  }
  return entries;
}();

std::uint32_t add_by_table(std::uint32_t value, std::string_view bytes) {
  for (const char c : bytes) value = (value >> 8) ^ table[(value ^ static_cast<unsigned char>(c)) & 0xff];
  return value;
}

#if defined(__x86_64__)
// The processor knows this polynomial; twenty times as fast. Whole logs are checked at every start.
__attribute__((target("sse4.2"))) std::uint32_t add_by_instruction(std::uint32_t value, std::string_view bytes) {
  std::uint64_t wide = value;
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    wide = __builtin_ia32_crc32di(wide, word);
    bytes.remove_prefix(sizeof word);
  }
  return add_by_table(static_cast<std::uint32_t>(wide), bytes);
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~add_by_instruction(0xffffffff, bytes);
#endif
  return ~add_by_table(0xffffffff, bytes);
}

}  // namespace quipu
