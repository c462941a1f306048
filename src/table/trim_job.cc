#include <algorithm>
#include <limits>

#include "table/change.h"
#include "table/maintenance_job.h"
#include "table/rows.h"
#include "table/stream_info.h"
#include "table/tables.h"

namespace quipu::table {

namespace {

std::string change_key(std::uint32_t table_id, std::uint64_t change) {
  std::string key;
  append_change_key(key, table_id, change);
  return key;
}

std::string changes_end() {
  std::string kind;
  append_row_kind(kind, RowKind::change);
  return end_of_prefix(kind);
}

// Everything older is nobody's any more.
std::uint64_t oldest_kept_ms(const JobContext& context) {
  const auto now_ms = context.tables.clock().wall_ms();
  const auto retention_ms = context.options.change_retention.count();
  return now_ms > retention_ms ? static_cast<std::uint64_t>(now_ms - retention_ms) : 0;
}

// The numbers of a table's oldest records, as many as one step takes, that are older than what is kept. Their times are
// in order, unless the clock was put back: one that is not past yet is as old as the first behind it that is.
Result<std::vector<std::uint64_t>> old_changes(JobContext& context, std::uint32_t table_id, std::uint64_t first,
                                               std::uint64_t kept_ms) {
  const auto now_ms = static_cast<std::uint64_t>(context.tables.clock().wall_ms());
  std::vector<std::uint64_t> changes;
  std::vector<std::uint64_t> not_past;
  QUIPU_CHECK(context.tables.scan_changes(table_id, first, [&](std::uint64_t change, const ChangeRecord& record) {
    if (record.time_ms > now_ms) {
      not_past.push_back(change);
      return not_past.size() < context.options.rows_erased_a_step;
    }
    if (record.time_ms >= kept_ms) return false;
    changes.insert(changes.end(), not_past.begin(), not_past.end());
    not_past.clear();
    changes.push_back(change);
    return changes.size() < context.options.rows_erased_a_step;
  }));
  return changes;
}

// A stream begins where its oldest record is: who wants to read from before that learns that it has been trimmed.
Result<std::vector<StreamInfo>> move_beginnings(storage::WriteGroup& group, const std::vector<StreamInfo>& streams,
                                                std::uint64_t first_kept) {
  std::vector<StreamInfo> moved;
  for (const StreamInfo& known : streams) {
    std::string key;
    append_stream_key(key, known.table_id, known.created_ms);
    std::string_view stored;
    QUIPU_TRY(const bool exists, group.get(key, stored));
    if (!exists) continue;
    QUIPU_TRY(StreamInfo stream, decode_stream(key, stored));
    const std::uint64_t first = stream.open() ? first_kept : std::min(first_kept, stream.end_change);
    if (first <= stream.first_change) continue;
    stream.first_change = first;
    group.put(key, encode_stream(stream));
    moved.push_back(std::move(stream));
  }
  return moved;
}

Result<> trim_table(JobContext& context, std::uint32_t table_id, std::uint64_t kept_ms) {
  std::vector<StreamInfo> streams = context.tables.streams();
  std::erase_if(streams, [&](const StreamInfo& stream) { return stream.table_id != table_id; });
  for (std::uint64_t first = 0;;) {
    QUIPU_TRY(const auto changes, old_changes(context, table_id, first, kept_ms));
    if (changes.empty()) return {};
    first = changes.back() + 1;
    std::vector<StreamInfo> moved;
    const auto erase = [&](storage::WriteGroup& group) -> Result<> {
      for (const std::uint64_t change : changes) group.erase(change_key(table_id, change));
      QUIPU_TRY(moved, move_beginnings(group, streams, first));
      return {};
    };
    const auto publish = [&] {
      for (StreamInfo& stream : moved) context.tables.stream_changed(std::move(stream));
    };
    QUIPU_CHECK(write_step(context, erase, publish));
    context.figures.records_trimmed.add(changes.size());
  }
}

// The tables that have change records, dropped ones too.
Result<std::vector<std::uint32_t>> tables_with_changes(const storage::Store& store) {
  std::vector<std::uint32_t> table_ids;
  const std::string first = change_key(0, 0);
  auto cursor = store.cursor(first, changes_end());
  for (cursor.seek(first); cursor.valid();) {
    const std::string_view key = cursor.key();
    if (key.size() != first.size()) return fail(ErrorCode::damaged, "the change record {} is damaged", to_hex(key));
    table_ids.push_back(load_big_endian<std::uint32_t>(key.substr(1)));
    if (table_ids.back() == std::numeric_limits<std::uint32_t>::max()) break;
    cursor.seek(change_key(table_ids.back() + 1, 0));
  }
  QUIPU_CHECK(cursor.status());
  return table_ids;
}

Result<bool> has_records(const Tables& tables, const StreamInfo& stream) {
  bool found = false;
  QUIPU_CHECK(tables.scan_changes(stream.table_id, stream.first_change, [&](std::uint64_t change, const ChangeRecord&) {
    found = change < stream.end_change;
    return false;
  }));
  return found;
}

}  // namespace

Result<> trim_changes(JobContext& context) {
  const std::uint64_t kept_ms = oldest_kept_ms(context);
  QUIPU_TRY(const auto table_ids, tables_with_changes(context.tables.store()));
  for (const std::uint32_t table_id : table_ids) QUIPU_CHECK(trim_table(context, table_id, kept_ms));
  for (const StreamInfo& stream : context.tables.streams()) {
    if (stream.open() || stream.ended_ms >= kept_ms) continue;
    QUIPU_TRY(const bool kept, has_records(context.tables, stream));
    if (!kept) QUIPU_CHECK(context.tables.forget_stream(stream.table_id, stream.created_ms));
  }
  return {};
}

}  // namespace quipu::table
