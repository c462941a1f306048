#include "base/log.h"
#include "table/key_codec.h"
#include "table/maintenance_job.h"
#include "table/purge.h"
#include "table/rows.h"
#include "table/table_figures.h"
#include "table/tables.h"

namespace quipu::table {

namespace {

Result<std::vector<std::string>> prefixes_to_purge(const storage::Store& store) {
  std::string first;
  append_row_kind(first, RowKind::purge);
  std::vector<std::string> prefixes;
  auto cursor = store.cursor(first, end_of_prefix(first));
  for (cursor.seek(first); cursor.valid(); cursor.next()) {
    if (!is_purge_value(cursor.value()) || purge_prefix(cursor.key()).empty())
      return fail(ErrorCode::damaged, "the purge row {} is damaged", to_hex(cursor.key()));
    prefixes.emplace_back(purge_prefix(cursor.key()));
  }
  QUIPU_CHECK(cursor.status());
  return prefixes;
}

Result<> purge(JobContext& context, const std::string& prefix) {
  const RunningJob running{context};
  const std::uint64_t before = context.figures.rows_purged.value();
  log_info("purge_began", {{"rows", to_hex(prefix)}});
  const storage::Store& store = context.tables.store();
  const KeyRange range{.first = prefix, .end = end_of_prefix(prefix)};
  QUIPU_CHECK(store.discard_files(range.first, range.end));
  QUIPU_CHECK(erase_rows(context, range));
  // Nothing is written that would have it compacted, and nothing can be before it is.
  if (store.figures().writes_stopped) QUIPU_CHECK(store.compact(range.first, range.end));
  QUIPU_CHECK(write_erasing_step(context, [&](storage::WriteGroup& group) -> Result<> {
    group.erase(purge_key(prefix));
    // A write that shared its group with the drop may have brought the figures back.
    if (prefix.size() == key_codec::table_prefix_bytes) {
      std::string figures;
      append_figures_key(figures, load_big_endian<std::uint32_t>(std::string_view{prefix}.substr(1)));
      group.erase(figures);
    }
    return {};
  }));
  log_info("purge_done", {{"rows", to_hex(prefix)}, {"erased", context.figures.rows_purged.value() - before}});
  return {};
}

}  // namespace

Result<> purge_dropped_rows(JobContext& context) {
  QUIPU_TRY(const auto prefixes, prefixes_to_purge(context.tables.store()));
  for (const std::string& prefix : prefixes) QUIPU_CHECK(purge(context, prefix));
  return {};
}

}  // namespace quipu::table
