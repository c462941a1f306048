// The checksum of our own small files (CRC-32C, Castagnoli).
#pragma once

#include <cstdint>
#include <string_view>

namespace quipu {

std::uint32_t crc32c(std::string_view bytes);

}  // namespace quipu
