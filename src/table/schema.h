// What a table is: its number, its key and whether its changes are recorded.
//
//   row key    schema(2), table name
//   row value  version(1), table id (u32), stream view (u8), flags (u8), created (u64, ms since 1970),
//              number of key attributes (u8: 1 or 2), then for each: type (u8), name size (u8), name
//
// All integers are big-endian. docs/formats/schema.md is the permanent description.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::table {

inline constexpr std::size_t table_name_bytes_max = 255;
inline constexpr std::size_t key_attribute_name_bytes_max = 255;

// Stored: never renumber.
enum class KeyType : std::uint8_t { string = 1, number = 2, binary = 3 };

// What a change record shows. Stored: never renumber.
enum class StreamView : std::uint8_t { off = 0, keys_only = 1, new_image = 2, old_image = 3, new_and_old_images = 4 };

struct KeyAttribute {
  std::string name;
  KeyType type = KeyType::string;

  friend bool operator==(const KeyAttribute&, const KeyAttribute&) = default;
};

struct TableSchema {
  std::string name;
  std::uint32_t id = 0;  // given when the table is made, never used again
  KeyAttribute partition_key;
  std::optional<KeyAttribute> sort_key;
  StreamView stream_view = StreamView::off;
  bool system = false;  // ours, not the user's: no list of tables shows it
  std::uint64_t created_ms = 0;

  friend bool operator==(const TableSchema&, const TableSchema&) = default;
};

std::string schema_key(std::string_view table_name);
std::string encode_schema(const TableSchema& schema);
// `key` is the whole row key.
Result<TableSchema> decode_schema(std::string_view key, std::string_view value);

}  // namespace quipu::table
