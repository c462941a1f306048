#include "table/schema_edit.h"

#include <algorithm>

#include "base/bytes.h"
#include "table/index_rows.h"
#include "table/key_codec.h"
#include "table/purge.h"
#include "table/rows.h"
#include "table/table_figures.h"
#include "table/tables.h"

namespace quipu::table {

namespace {

void put_purge(storage::WriteGroup& group, std::string_view prefix) {
  group.put(purge_key(prefix), purge_value());
}

void purge_index(storage::WriteGroup& group, std::uint32_t id) {
  std::string prefix;
  append_index_prefix(prefix, id);
  put_purge(group, prefix);
  std::string figures;
  append_figures_key(figures, id);
  group.erase(figures);
}

void purge_expiry(storage::WriteGroup& group, std::uint32_t id) {
  std::string prefix;
  append_expiry_prefix(prefix, id);
  put_purge(group, prefix);
}

bool has_index(const std::optional<TableSchema>& schema, std::uint32_t id) {
  return schema && std::ranges::find(schema->indexes, id, &IndexSchema::id) != schema->indexes.end();
}

}  // namespace

void SchemaWrite::apply(storage::WriteGroup& group) {
  const auto mark = group.mark();
  result_ = apply_edit(group);
  if (!result_) group.roll_back(mark);
}

Result<> SchemaWrite::apply_edit(storage::WriteGroup& group) {
  const std::string key = schema_key(name_);
  std::string_view stored;
  QUIPU_TRY(const bool exists, group.get(key, stored));
  if (exists) {
    QUIPU_TRY(before_, decode_schema(key, stored));
  }
  after_ = before_;
  QUIPU_CHECK(edit_(after_));
  if (after_) {
    after_->name = name_;
    if (!before_) after_->created_ms = static_cast<std::uint64_t>(tables_.clock().wall_ms());
    QUIPU_CHECK(number(group));
  }
  QUIPU_CHECK(change_stream(group));
  purge_what_went(group);
  if (after_)
    group.put(key, encode_schema(*after_));
  else if (before_)
    group.erase(key);
  return {};
}

Result<> SchemaWrite::number(storage::WriteGroup& group) {
  if (!before_) after_->id = 0;
  const auto give = [&](std::uint32_t& id) -> Result<> {
    if (id != 0) return {};
    QUIPU_TRY(id, tables_.next_table_id(group));
    return {};
  };
  QUIPU_CHECK(give(after_->id));
  for (IndexSchema& index : after_->indexes) QUIPU_CHECK(give(index.id));
  if (after_->expiry) QUIPU_CHECK(give(after_->expiry->id));
  return {};
}

Result<> SchemaWrite::change_stream(storage::WriteGroup& group) {
  const StreamView before = before_ ? before_->stream_view : StreamView::off;
  const StreamView after = after_ ? after_->stream_view : StreamView::off;
  if (before == after) return {};
  if (before != StreamView::off) QUIPU_CHECK(close_stream(group));
  if (after != StreamView::off) open_stream(group);
  return {};
}

Result<> SchemaWrite::close_stream(storage::WriteGroup& group) {
  std::string key;
  append_stream_key(key, before_->id, before_->stream_created_ms);
  std::string_view stored;
  QUIPU_TRY(const bool exists, group.get(key, stored));
  if (!exists) return fail(ErrorCode::damaged, "the stream row of table {} is missing", name_);
  QUIPU_TRY(StreamInfo stream, decode_stream(key, stored));
  stream.end_change = tables_.peek_change_number();
  stream.ended_ms = static_cast<std::uint64_t>(tables_.clock().wall_ms());
  group.put(key, encode_stream(stream));
  streams_.push_back(std::move(stream));
  return {};
}

void SchemaWrite::open_stream(storage::WriteGroup& group) {
  // A stream is named after its table and this: never two of one name, however quickly they are switched, the table is
  // dropped and made again, or the clock is put back.
  auto created_ms = static_cast<std::uint64_t>(tables_.clock().wall_ms());
  if (before_) created_ms = std::max(created_ms, before_->stream_created_ms + 1);
  for (const StreamInfo& known : tables_.streams())
    if (known.table_name == name_) created_ms = std::max(created_ms, known.created_ms + 1);
  after_->stream_created_ms = created_ms;
  StreamInfo stream{.table_id = after_->id,
                    .created_ms = after_->stream_created_ms,
                    .table_name = name_,
                    .view = after_->stream_view,
                    .partition_key = after_->partition_key,
                    .sort_key = after_->sort_key,
                    .first_change = tables_.peek_change_number()};
  std::string key;
  append_stream_key(key, stream.table_id, stream.created_ms);
  group.put(key, encode_stream(stream));
  streams_.push_back(std::move(stream));
}

void SchemaWrite::purge_what_went(storage::WriteGroup& group) {
  if (!before_) return;
  for (const IndexSchema& index : before_->indexes)
    if (!has_index(after_, index.id)) purge_index(group, index.id);
  if (before_->expiry && !(after_ && after_->expiry && after_->expiry->id == before_->expiry->id))
    purge_expiry(group, before_->expiry->id);
  if (after_) return;
  std::string prefix;
  key_codec::append_table_prefix(prefix, before_->id);
  put_purge(group, prefix);
  std::string figures;
  append_figures_key(figures, before_->id);
  group.erase(figures);
}

void SchemaWrite::finish(storage::Committed outcome) noexcept {
  if (outcome == storage::Committed::no_space)
    result_ = fail(ErrorCode::out_of_space,
                   "the disk is nearly full, so the table {:?} was not written; free some space and retry", name_);
  else if (outcome != storage::Committed::durable)
    result_ = fail(outcome == storage::Committed::unknown ? ErrorCode::outcome_unknown : ErrorCode::unavailable,
                   "the table {:?} could not be written", name_);
  if (result_) {
    if (after_) published_ = std::make_shared<const TableSchema>(*std::move(after_));
    tables_.publish(name_, before_ ? before_->id : 0, published_, std::move(streams_));
  }
  done_.release();
}

Result<std::shared_ptr<const TableSchema>> SchemaWrite::wait() {
  done_.acquire();
  QUIPU_CHECK(std::move(result_));
  return published_;
}

}  // namespace quipu::table
