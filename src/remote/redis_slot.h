// Where a Redis Cluster keeps a key: one of 16,384 slots, by the CRC16 of the key, or of what stands in its first pair
// of braces. And the key of a request's marker, which must be in the slot of its counter, whatever braces that has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quipu::remote {

inline constexpr unsigned redis_slots = 16'384;

std::uint16_t redis_slot(std::string_view key);

// docs/formats/store-redis.md; stored, so never to be changed.
std::string redis_marker_key(std::string_view counter, std::string_view marker);

}  // namespace quipu::remote
