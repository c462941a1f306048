// Everything that is written when one item changes: its row, its rows in indexes, the figures, and the change record.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "storage/write_group.h"
#include "table/schema.h"

namespace quipu::table {

class Tables;

struct ItemChange {
  const TableSchema& schema;
  std::string_view row_key;
  // Encoded items without their key attributes; they differ, and at least one is there. They may be views into the
  // group: nothing is put before they were read.
  std::optional<std::string_view> before;
  std::optional<std::string_view> after;
  bool expired = false;  // it goes because its time is past, not because somebody asked
};

Result<> write_item_change(storage::WriteGroup& group, Tables& tables, const ItemChange& change);

// Brings the rows of one index (or those that say when items expire) for an item that was there before they were.
Result<> fill_index_row(storage::WriteGroup& group, const TableSchema& schema, const IndexSchema& index,
                        std::string_view row_key, std::string_view encoded_item);
Result<> fill_expiry_row(storage::WriteGroup& group, const TableSchema& schema, std::string_view row_key,
                         std::string_view encoded_item);

}  // namespace quipu::table
