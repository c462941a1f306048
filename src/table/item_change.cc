#include "table/item_change.h"

#include <vector>

#include "table/change.h"
#include "table/index_rows.h"
#include "table/key_codec.h"
#include "table/table_figures.h"
#include "table/tables.h"
#include "value/item_codec.h"

namespace quipu::table {

namespace {

using value::Item;

// What happens to one row of an index.
struct RowChange {
  std::uint32_t index_id;  // whose figures change; 0: none
  std::optional<IndexRow> before;
  std::optional<IndexRow> after;
};

std::int64_t bytes_of(const std::optional<IndexRow>& row) {
  return row ? static_cast<std::int64_t>(row->key.size() + row->value.size()) : 0;
}

Result<std::optional<Item>> whole_item(const ItemChange& change, const std::optional<std::string_view>& encoded) {
  if (!encoded) return std::nullopt;
  Item item;
  QUIPU_CHECK(value::decode_item(*encoded, item));
  QUIPU_CHECK(key_codec::read_row_key(change.row_key, change.schema, item));
  return item;
}

Result<std::vector<RowChange>> index_changes(const ItemChange& change) {
  std::vector<RowChange> rows;
  const TableSchema& schema = change.schema;
  if (schema.indexes.empty() && !schema.expiry) return rows;
  QUIPU_TRY(const auto before, whole_item(change, change.before));
  QUIPU_TRY(const auto after, whole_item(change, change.after));
  for (const IndexSchema& index : schema.indexes) {
    RowChange& row = rows.emplace_back(RowChange{.index_id = index.id, .before = {}, .after = {}});
    if (before) row.before = make_index_row(schema, index, change.row_key, *before);
    if (after) row.after = make_index_row(schema, index, change.row_key, *after);
  }
  if (schema.expiry) {
    RowChange& row = rows.emplace_back(RowChange{.index_id = 0, .before = {}, .after = {}});
    if (before) row.before = make_expiry_row(*schema.expiry, change.row_key, *before);
    if (after) row.after = make_expiry_row(*schema.expiry, change.row_key, *after);
  }
  return rows;
}

Result<> write_row_change(storage::WriteGroup& group, const RowChange& row) {
  bool was_there = false;
  if (row.before && (!row.after || row.before->key != row.after->key)) {
    // An index that is still being filled may not have it yet.
    std::string_view ignored;
    QUIPU_TRY(was_there, group.get(row.before->key, ignored));
    if (was_there) group.erase(row.before->key);
  } else if (row.before) {
    std::string_view stored;
    QUIPU_TRY(was_there, group.get(row.before->key, stored));
    if (was_there && stored == row.after->value) return {};
  }
  if (row.after) group.put(row.after->key, row.after->value);
  if (row.index_id == 0) return {};
  return change_figures(group, row.index_id,
                        {.items = (row.after ? 1 : 0) - (was_there ? 1 : 0),
                         .bytes = bytes_of(row.after) - (was_there ? bytes_of(row.before) : 0)});
}

void put_change_record(storage::WriteGroup& group, Tables& tables, const ItemChange& change) {
  ChangeRecord record{
      .kind = !change.before   ? ChangeKind::insert
              : change.after   ? ChangeKind::modify
              : change.expired ? ChangeKind::expire
                               : ChangeKind::remove,
      .time_ms = static_cast<std::uint64_t>(tables.clock().wall_ms()),
      .item_row_key = change.row_key,
      .old_image = change.before,
      .new_image = change.after,
  };
  apply_view(record, change.schema.stream_view);
  auto& scratch = tables.scratch();
  scratch.record.clear();
  append_change(scratch.record, record);
  scratch.record_key.clear();
  append_change_key(scratch.record_key, change.schema.id, tables.next_change_number(group));
#ifdef QUIPU_BUG_CHANGE_SECOND_BATCH
  static std::string late_key, late_record;
  if (!late_key.empty()) group.put(late_key, late_record);
  late_key = scratch.record_key;
  late_record = scratch.record;
#else
  group.put(scratch.record_key, scratch.record);
#endif
}

}  // namespace

Result<> write_item_change(storage::WriteGroup& group, Tables& tables, const ItemChange& change) {
  const TableSchema& schema = change.schema;
  QUIPU_TRY(const auto rows, index_changes(change));
  const auto key_bytes = static_cast<std::int64_t>(change.row_key.size());
  const auto size_of = [&](const std::optional<std::string_view>& encoded) {
    return encoded ? key_bytes + static_cast<std::int64_t>(encoded->size()) : 0;
  };
  const FiguresChange figures{.items = (change.after ? 1 : 0) - (change.before ? 1 : 0),
                              .bytes = size_of(change.after) - size_of(change.before)};
  // From here on `before` may no longer be good.
  if (schema.stream_view != StreamView::off) put_change_record(group, tables, change);
  if (change.after)
    group.put(change.row_key, *change.after);
  else
    group.erase(change.row_key);
  for (const RowChange& row : rows) QUIPU_CHECK(write_row_change(group, row));
  return change_figures(group, schema.id, figures);
}

Result<> fill_index_row(storage::WriteGroup& group, const TableSchema& schema, const IndexSchema& index,
                        std::string_view row_key, std::string_view encoded_item) {
  const ItemChange change{.schema = schema, .row_key = row_key, .before = encoded_item, .after = encoded_item};
  QUIPU_TRY(const auto item, whole_item(change, change.after));
  auto row = make_index_row(schema, index, row_key, *item);
  if (!row) return {};
  return write_row_change(group, {.index_id = index.id, .before = row, .after = row});
}

Result<> fill_expiry_row(storage::WriteGroup& group, const TableSchema& schema, std::string_view row_key,
                         std::string_view encoded_item) {
  const ItemChange change{.schema = schema, .row_key = row_key, .before = encoded_item, .after = encoded_item};
  QUIPU_TRY(const auto item, whole_item(change, change.after));
  auto row = make_expiry_row(*schema.expiry, row_key, *item);
  if (!row) return {};
  return write_row_change(group, {.index_id = 0, .before = row, .after = row});
}

}  // namespace quipu::table
