#include "base/log.h"
#include "table/index_rows.h"
#include "table/item_change.h"
#include "table/key_codec.h"
#include "table/maintenance_job.h"
#include "table/rows.h"
#include "table/table_figures.h"
#include "table/tables.h"

namespace quipu::table {

namespace {

// A table of the same name that was made later, or has another key, is not the one to copy.
std::shared_ptr<const TableSchema> source_of(const Tables& tables, const TableSchema& copy) {
  auto source = tables.find(copy.source);
  if (source == nullptr || source->id >= copy.id || source->partition_key != copy.partition_key ||
      source->sort_key != copy.sort_key)
    return nullptr;
  return source;
}

KeyRange range_of_prefix(std::string prefix) {
  std::string end = end_of_prefix(prefix);
  return {.first = std::move(prefix), .end = std::move(end)};
}

// Takes away what an earlier attempt copied: it was the source of another moment.
Result<> clear(JobContext& context, const TableSchema& copy) {
  QUIPU_CHECK(erase_rows(context, whole_range(copy, nullptr)));
  for (const IndexSchema& index : copy.indexes) QUIPU_CHECK(erase_rows(context, whole_range(copy, &index)));
  if (copy.expiry) {
    std::string prefix;
    append_expiry_prefix(prefix, copy.expiry->id);
    QUIPU_CHECK(erase_rows(context, range_of_prefix(std::move(prefix))));
  }
  return write_step(context, [&](storage::WriteGroup& group) -> Result<> {
    const auto erase_figures = [&](std::uint32_t id) {
      std::string key;
      append_figures_key(key, id);
      group.erase(key);
    };
    erase_figures(copy.id);
    for (const IndexSchema& index : copy.indexes) erase_figures(index.id);
    return {};
  });
}

// False: the copy has been dropped.
Result<bool> copy_step(JobContext& context, std::uint32_t copy_id, const RowBatch& batch) {
  bool there = true;
  const auto copy_batch = [&](storage::WriteGroup& group) -> Result<> {
    const TableSchema* current = context.tables.current(copy_id);
    there = current != nullptr;
    if (!there) return {};
    TableSchema silent = *current;
    silent.stream_view = StreamView::off;  // nothing happened to these items: they only came along
    std::string row_key;
    for (const auto& [source_row_key, encoded] : batch.rows) {
      row_key.clear();
      key_codec::append_table_prefix(row_key, copy_id);
      row_key += key_codec::primary_key_of(source_row_key);
      QUIPU_CHECK(write_item_change(
          group, context.tables,
          {.schema = silent, .row_key = row_key, .before = std::nullopt, .after = std::string_view{encoded}}));
    }
    return {};
  };
  QUIPU_CHECK(write_step(context, copy_batch));
  context.figures.items_copied.add(batch.rows.size());
  return there;
}

// One cursor throughout: everything is copied as it was at one moment. False: the copy has been dropped.
Result<bool> copy_items(JobContext& context, storage::Cursor& cursor, const TableSchema& copy) {
  for (;;) {
    QUIPU_TRY(const RowBatch batch, take_batch(cursor, context.options.items_a_step));
    if (batch.empty()) return true;
    QUIPU_TRY(const bool there, copy_step(context, copy.id, batch));
    if (!there) return false;
    if (context.between_steps) context.between_steps();
  }
}

Result<> drop_copy(JobContext& context, const TableSchema& copy) {
  log_warning("copy_without_source", {{"table", copy.name}, {"source", copy.source}});
  QUIPU_TRY([[maybe_unused]] const bool dropped,
            edit_same_table(context, copy, [](std::optional<TableSchema>& current) {
              if (current->filling == Filling::under_way) current.reset();
            }));
  return {};
}

// The indexes and the expiry that the copy had from its beginning were kept by copying; what was added later was not.
void finish_copy(TableSchema& current, const TableSchema& copy) {
  current.filling = Filling::done;
  for (IndexSchema& index : current.indexes) {
    const IndexSchema* known = copy.find_index(index.name);
    if (known != nullptr && known->id == index.id) index.filling = Filling::done;
  }
  if (current.expiry && copy.expiry && current.expiry->id == copy.expiry->id) current.expiry->filling = Filling::done;
}

Result<> copy_table(JobContext& context, const TableSchema& copy) {
  const auto source = source_of(context.tables, copy);
  if (source == nullptr) return drop_copy(context, copy);
  if (source->filling == Filling::under_way) return {};  // its own end wakes us again
  const RunningJob running{context};
  log_info("copy_began", {{"table", copy.name}, {"source", copy.source}});
  // The moment that is copied is this one, before anything else is done. Should the source be dropped from now on, the
  // cursor has its rows all the same.
  const KeyRange range = whole_range(*source, nullptr);
  auto cursor = context.tables.store().cursor(range.first, range.end);
  QUIPU_CHECK(clear(context, copy));
  QUIPU_TRY(bool there, copy_items(context, cursor, copy));
  if (there) {
    QUIPU_TRY(there, edit_same_table(context, copy,
                                     [&](std::optional<TableSchema>& current) { finish_copy(*current, copy); }));
  }
  log_info(there ? "copy_done" : "copy_dropped", {{"table", copy.name}, {"source", copy.source}});
  return {};
}

}  // namespace

Result<> copy_tables(JobContext& context) {
  for (const auto& schema : context.tables.list())
    if (schema->filling == Filling::under_way && !schema->source.empty()) QUIPU_CHECK(copy_table(context, *schema));
  return {};
}

}  // namespace quipu::table
