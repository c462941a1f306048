// The rows that stand beside an item so that it is found by other attributes than its key.
//
//   row key    index(7), index id (u32), index partition key, [index sort key], primary key
//   row value  the projected attributes that are in no key, as an encoded item
//   row key    expiry(8), id (u32), second since 1970 (u64), primary key
//   row value  nothing
//
// Both parts of an index key say where they end (key_codec.h); the primary key is what follows the table's prefix in
// the item's row key. An item without one of the index's key attributes, or with another type there, has no row in it.
// docs/formats/rows.md is the permanent description.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "table/schema.h"

namespace quipu::table {

struct IndexRow {
  std::string key;
  std::string value;
};

// What the index holds for `item` (with its key attributes), whose row key is `row_key`; nothing if it is not in it.
std::optional<IndexRow> make_index_row(const TableSchema& schema, const IndexSchema& index, std::string_view row_key,
                                       const value::Item& item);
std::optional<IndexRow> make_expiry_row(const ExpirySchema& expiry, std::string_view row_key, const value::Item& item);

void append_index_prefix(std::string& key, std::uint32_t index_id);
void append_expiry_prefix(std::string& key, std::uint32_t expiry_id);

// Fills `item` with everything that an index row shows: projected attributes, index keys and primary key.
Result<> read_index_row(std::string_view key, std::string_view value, const TableSchema& schema,
                        const IndexSchema& index, value::Item& item);

// The bytes of an index row's partition key: rows of one partition have the same.
std::string_view index_partition_bytes(std::string_view key, const IndexSchema& index);

// The row key of the item that an index row belongs to.
Result<std::string> item_row_key_of_index_row(std::string_view key, const TableSchema& schema,
                                              const IndexSchema& index);
struct ExpiryRow {
  std::uint64_t second = 0;
  std::string_view primary_key;  // into the decoded key
};
std::optional<ExpiryRow> decode_expiry_key(std::string_view key);

}  // namespace quipu::table
