// Row keys of items: byte order is key order, so a table is one sorted run of rows.
//
//   row key  item(3), table id (u32, big-endian), partition key, [sort key]
//
// A partition key that is the whole key stands as it is. Before a sort key it must say where it ends: strings and
// binaries have every 00 written as 00 FF and close with 00 01; numbers end by themselves (value/number.h). A sort key
// is the last part and stands as it is. docs/formats/rows.md is the permanent description.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "table/schema.h"
#include "value/value.h"

namespace quipu::table::key_codec {

inline constexpr std::size_t partition_key_bytes_max = 2048;
inline constexpr std::size_t sort_key_bytes_max = 1024;
inline constexpr std::size_t table_prefix_bytes = 5;

// What every row key of the table's items starts with.
void append_table_prefix(std::string& row_key, std::uint32_t table_id);

// The row key of the item whose key attributes are in `key`; other attributes there are ignored.
Result<> append_row_key(std::string& row_key, const TableSchema& schema, const value::Item& key);

// The row key where the whole key is one string; the table must be made so.
void append_row_key(std::string& row_key, const TableSchema& schema, std::string_view partition_key);

// Adds the key attributes that `row_key` stands for to `item`.
Result<> read_row_key(std::string_view row_key, const TableSchema& schema, value::Item& item);
// Likewise, from what follows the table's prefix in a row key.
Result<> read_primary_key(std::string_view primary_key, const TableSchema& schema, value::Item& item);
std::string_view primary_key_of(std::string_view row_key);

// --- parts of keys, for what else is ordered by attributes

// A part that is followed by another one has to say where it ends.
enum class Place : std::uint8_t { last, before_another };

Result<> append_part(std::string& out, const KeyAttribute& attribute, const value::Value& value, std::size_t bytes_max,
                     Place place);
// What all parts begin with whose string or binary begins with the bytes of `value`.
Result<> append_part_prefix(std::string& out, const KeyAttribute& attribute, const value::Value& value, Place place);
bool read_part(ByteReader& in, const KeyAttribute& attribute, Place place, value::Item& item);

// The bytes of a row key's partition key: items of one partition have the same.
std::string_view partition_bytes(std::string_view row_key, const TableSchema& schema);

}  // namespace quipu::table::key_codec
