// Where a reader of a shard stands, as the opaque text that it carries.
//
//   hex of: version(1), table id (u32), stream created (u64), position (u64), made at (u64, ms), crc32c of these (u32)
//
// Nothing is kept here for a reader: the text is all there is. The checksum finds what was cut or mistyped; who makes
// up another iterator reads nothing that one may not ask for anyway.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quipu::stream {

inline constexpr std::chrono::milliseconds iterator_lifetime = std::chrono::minutes{15};

struct ShardIterator {
  std::uint32_t table_id = 0;
  std::uint64_t created_ms = 0;  // of the stream
  std::uint64_t position = 0;    // the change number to read next, or from the oldest record
  std::uint64_t made_ms = 0;

  // Cannot be overtaken by trimming: it stands on the oldest record that there is when it is used.
  static constexpr std::uint64_t oldest = 0;

  bool expired(std::uint64_t now_ms) const;
  friend bool operator==(const ShardIterator&, const ShardIterator&) = default;
};

std::string to_text(const ShardIterator& iterator);
// Nothing: it is none of ours, or damaged.
std::optional<ShardIterator> parse_shard_iterator(std::string_view text);

}  // namespace quipu::stream
