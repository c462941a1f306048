// The file FORMAT says that a directory is ours, in which version, and whether its first creation was finished:
//
//   "quipu directory" SP version LF
//   "store" SP 32 hex digits LF         random, given at creation; the watermark repeats it
//   "state" SP ("creating" | "ready") LF
//   "checksum" SP 8 hex digits LF       CRC-32C of everything before this line
//
// version is 1. A reader refuses any other. The whole format: docs/formats/directory.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::storage {

inline constexpr std::size_t store_id_bytes = 16;

struct Format {
  enum class State : std::uint8_t {
    creating,  // nothing was ever acknowledged: whatever else lies in the directory may be thrown away
    ready,
  };
  std::string store_id;  // store_id_bytes random bytes
  State state = State::creating;
};

std::string encode_format(const Format& format);
Result<Format> decode_format(std::string_view bytes);

}  // namespace quipu::storage
