#include "stream/shard_iterator.h"

#include "base/bytes.h"
#include "base/crc32c.h"

namespace quipu::stream {

namespace {

constexpr std::uint8_t iterator_version = 1;

}  // namespace

bool ShardIterator::expired(std::uint64_t now_ms) const {
  return now_ms > made_ms && now_ms - made_ms > static_cast<std::uint64_t>(iterator_lifetime.count());
}

std::string to_text(const ShardIterator& iterator) {
  std::string bytes;
  bytes.push_back(static_cast<char>(iterator_version));
  append_big_endian(bytes, iterator.table_id);
  append_big_endian(bytes, iterator.created_ms);
  append_big_endian(bytes, iterator.position);
  append_big_endian(bytes, iterator.made_ms);
  append_big_endian(bytes, crc32c(bytes));
  return to_hex(bytes);
}

std::optional<ShardIterator> parse_shard_iterator(std::string_view text) {
  std::string bytes;
  if (!from_hex(text, bytes)) return std::nullopt;
  ByteReader in{bytes};
  std::uint8_t version = 0;
  std::uint32_t checksum = 0;
  ShardIterator iterator;
  if (!in.read(version) || version != iterator_version || !in.read(iterator.table_id) ||
      !in.read(iterator.created_ms) || !in.read(iterator.position) || !in.read(iterator.made_ms) ||
      !in.read(checksum) || !in.empty() ||
      checksum != crc32c(std::string_view{bytes}.substr(0, bytes.size() - sizeof checksum)))
    return std::nullopt;
  return iterator;
}

}  // namespace quipu::stream
