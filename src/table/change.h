// What happened to one item, written in the same batch as the change itself.
//
//   row key    change(4), table id (u32), change number (u64)
//   row value  version(1), kind (u8), time (u64, ms since 1970),
//              row key of the item (varint size, bytes),
//              old image (varint size + 1, encoded item; 0 = not recorded), new image (likewise)
//
// Change numbers grow through the whole store, in commit order, and are never used twice. A table records its changes
// while its schema has a stream view; a write that leaves an item as it was is no change. docs/formats/change.md is the
// permanent description.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "table/schema.h"

namespace quipu::table {

// Stored: never renumber.
enum class ChangeKind : std::uint8_t { insert = 1, modify = 2, remove = 3, expire = 4 };

struct ChangeRecord {
  ChangeKind kind = ChangeKind::insert;
  std::uint64_t time_ms = 0;
  std::string_view item_row_key;
  std::optional<std::string_view> old_image;  // encoded items (value/item_codec.h), without the key attributes
  std::optional<std::string_view> new_image;
};

void append_change_key(std::string& out, std::uint32_t table_id, std::uint64_t change_number);
void append_change(std::string& out, const ChangeRecord& record);
std::optional<ChangeRecord> decode_change(std::string_view value);  // views into `value`

// Drops the images that `view` does not show.
void apply_view(ChangeRecord& record, StreamView view);

}  // namespace quipu::table
