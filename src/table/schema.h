// What a table is: its number, its key, its indexes, and what else happens when an item changes.
//
//   row key    schema(2), table name
//   row value  version(2), an encoded item (value/item_codec.h) whose members docs/formats/schema.md names
//
// A backup is a table too: frozen, hidden (`system`), and named so that no table of a user's can have its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "value/value.h"

namespace quipu::table {

// What users may give has 255 at most; the names of backups are longer.
inline constexpr std::size_t table_name_bytes_max = 320;
inline constexpr std::size_t key_attribute_name_bytes_max = 255;

// Stored: never renumber.
enum class KeyType : std::uint8_t { string = 1, number = 2, binary = 3 };

// What a change record shows. Stored: never renumber.
enum class StreamView : std::uint8_t { off = 0, keys_only = 1, new_image = 2, old_image = 3, new_and_old_images = 4 };

// Stored: never renumber.
enum class IndexKind : std::uint8_t { local = 1, global = 2 };
enum class IndexProjection : std::uint8_t { all = 1, keys_only = 2, include = 3 };

// Stored: never renumber. What is being filled is kept up to date by every write from the moment it is there; the
// maintenance thread brings what was there before.
enum class Filling : std::uint8_t { done = 1, under_way = 2 };

struct KeyAttribute {
  std::string name;
  KeyType type = KeyType::string;

  friend bool operator==(const KeyAttribute&, const KeyAttribute&) = default;
};

struct IndexSchema {
  std::string name;
  std::uint32_t id = 0;  // from the sequence of table ids
  IndexKind kind = IndexKind::global;
  KeyAttribute partition_key;
  std::optional<KeyAttribute> sort_key;
  IndexProjection projection = IndexProjection::all;
  std::vector<std::string> included;  // attributes, besides the keys, where the projection says include
  Filling filling = Filling::done;
  value::Item settings;  // what the front keeps with an index

  friend bool operator==(const IndexSchema&, const IndexSchema&) = default;
};

// Items whose attribute of that name is a number of seconds since 1970 go when that time is past.
struct ExpirySchema {
  std::string attribute;
  std::uint32_t id = 0;  // of its rows; from the sequence of table ids
  Filling filling = Filling::done;

  friend bool operator==(const ExpirySchema&, const ExpirySchema&) = default;
};

struct TableSchema {
  std::string name;
  std::uint32_t id = 0;  // given when the table is made, never used again
  KeyAttribute partition_key;
  std::optional<KeyAttribute> sort_key;
  StreamView stream_view = StreamView::off;
  std::uint64_t stream_created_ms = 0;  // when the stream was switched on last; with the id it names the stream
  bool system = false;                  // ours, not the user's: no list of tables shows it
  std::uint64_t created_ms = 0;
  std::vector<IndexSchema> indexes;
  std::optional<ExpirySchema> expiry;
  Filling filling = Filling::done;  // under way: items are being copied from the table `source`, and nobody else writes
  std::string source;
  value::Item settings;  // what the front keeps with a table

  const IndexSchema* find_index(std::string_view index_name) const;
  // Of the table, then of its indexes; each name once.
  std::vector<KeyAttribute> key_attributes() const;

  friend bool operator==(const TableSchema&, const TableSchema&) = default;
};

std::string schema_key(std::string_view table_name);
std::string encode_schema(const TableSchema& schema);
// `key` is the whole row key. Reads version 1 too.
Result<TableSchema> decode_schema(std::string_view key, std::string_view value);

}  // namespace quipu::table
