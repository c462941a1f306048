#include <algorithm>

#include "base/log.h"
#include "table/item_change.h"
#include "table/maintenance_job.h"
#include "table/tables.h"

namespace quipu::table {

namespace {

// What of one table is being filled.
struct Gaps {
  std::vector<std::uint32_t> index_ids;
  std::uint32_t expiry_id = 0;  // 0: the expiry has none

  bool empty() const { return index_ids.empty() && expiry_id == 0; }
  bool has(const IndexSchema& index) const { return std::ranges::find(index_ids, index.id) != index_ids.end(); }
  bool has(const ExpirySchema& expiry) const { return expiry.id == expiry_id; }
};

Gaps gaps_of(const TableSchema& schema) {
  Gaps gaps;
  for (const IndexSchema& index : schema.indexes)
    if (index.filling == Filling::under_way) gaps.index_ids.push_back(index.id);
  if (schema.expiry && schema.expiry->filling == Filling::under_way) gaps.expiry_id = schema.expiry->id;
  return gaps;
}

// Items and schema as they are at this moment: either may have changed since the walk saw the row.
Result<> fill_item(storage::WriteGroup& group, const TableSchema& schema, const Gaps& gaps, std::string_view row_key) {
  std::string_view stored;
  QUIPU_TRY(const bool exists, group.get(row_key, stored));
  if (!exists) return {};
  const std::string encoded{stored};  // the view ends with the first put
  for (const IndexSchema& index : schema.indexes)
    if (gaps.has(index)) QUIPU_CHECK(fill_index_row(group, schema, index, row_key, encoded));
  if (schema.expiry && gaps.has(*schema.expiry)) QUIPU_CHECK(fill_expiry_row(group, schema, row_key, encoded));
  return {};
}

bool any_left(const TableSchema* schema, const Gaps& gaps) {
  if (schema == nullptr) return false;
  return std::ranges::any_of(schema->indexes, [&](const IndexSchema& index) { return gaps.has(index); }) ||
         (schema->expiry && gaps.has(*schema->expiry));
}

// False: the table has gone, or all that was to be filled.
Result<bool> fill_step(JobContext& context, std::uint32_t table_id, const Gaps& gaps, const RowBatch& batch) {
  bool left = true;
  const auto fill_batch = [&](storage::WriteGroup& group) -> Result<> {
    const TableSchema* schema = context.tables.current(table_id);
    left = any_left(schema, gaps);
    if (!left) return {};
    for (const auto& [row_key, value] : batch.rows) QUIPU_CHECK(fill_item(group, *schema, gaps, row_key));
    return {};
  };
  QUIPU_CHECK(write_step(context, fill_batch));
  context.figures.items_filled.add(batch.rows.size());
  return left;
}

// False: there is nothing to fill any more.
Result<bool> walk_items(JobContext& context, const TableSchema& schema, const Gaps& gaps) {
  auto [from, end] = whole_range(schema, nullptr);
  for (;;) {
    // A new cursor each step is right although it sees newer items: those were indexed as they were written.
    auto cursor = context.tables.store().cursor(from, end);
    QUIPU_TRY(const RowBatch batch, take_batch(cursor, context.options.items_a_step));
    if (batch.empty()) return true;
    QUIPU_TRY(const bool there, fill_step(context, schema.id, gaps, batch));
    if (!there) return false;
    from = key_after(batch.rows.back().first);
    if (context.between_steps) context.between_steps();
  }
}

Result<> fill(JobContext& context, const TableSchema& schema, const Gaps& gaps) {
  const RunningJob running{context};
  log_info(
      "fill_began",
      {{"table", schema.name}, {"indexes", gaps.index_ids.size()}, {"expiry", gaps.expiry_id != 0 ? "yes" : "no"}});
  QUIPU_TRY(bool there, walk_items(context, schema, gaps));
  if (there) {
    QUIPU_TRY(there, edit_same_table(context, schema, [&](std::optional<TableSchema>& current) {
                for (IndexSchema& index : current->indexes)
                  if (gaps.has(index)) index.filling = Filling::done;
                if (current->expiry && gaps.has(*current->expiry)) current->expiry->filling = Filling::done;
              }));
  }
  log_info(there ? "fill_done" : "fill_dropped", {{"table", schema.name}});
  return {};
}

}  // namespace

Result<> fill_new_indexes(JobContext& context) {
  for (const auto& schema : context.tables.list()) {
    if (schema->filling == Filling::under_way) continue;  // the copy makes its rows of indexes itself
    if (const Gaps gaps = gaps_of(*schema); !gaps.empty()) QUIPU_CHECK(fill(context, *schema, gaps));
  }
  return {};
}

}  // namespace quipu::table
