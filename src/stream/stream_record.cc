#include "stream/stream_record.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "stream/stream_names.h"
#include "table/key_codec.h"
#include "value/item_codec.h"

namespace quipu::stream {

namespace {

constexpr std::size_t event_id_bytes = 16;

std::string event_id(const table::StreamInfo& stream, std::uint64_t change) {
  std::string named;
  append_big_endian(named, stream.table_id);
  append_big_endian(named, stream.created_ms);
  append_big_endian(named, change);
  const Sha256 hash = sha256(named);
  return to_hex({reinterpret_cast<const char*>(hash.data()), event_id_bytes});
}

EventKind kind_of(table::ChangeKind kind) {
  switch (kind) {
    case table::ChangeKind::insert: return EventKind::insert;
    case table::ChangeKind::modify: return EventKind::modify;
    case table::ChangeKind::remove:
    case table::ChangeKind::expire: return EventKind::remove;
  }
  return EventKind::modify;
}

Result<std::optional<value::Item>> whole_image(const std::optional<std::string_view>& encoded,
                                               const value::Item& keys) {
  if (!encoded) return std::nullopt;
  value::Item item;
  QUIPU_CHECK(value::decode_item(*encoded, item));
  for (const value::Attribute& key : keys) item.set(key.name, key.value);
  return item;
}

}  // namespace

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::insert: return "INSERT";
    case EventKind::modify: return "MODIFY";
    case EventKind::remove: return "REMOVE";
  }
  return "";
}

Result<StreamRecord> make_stream_record(const table::StreamInfo& stream, std::uint64_t change,
                                        const table::ChangeRecord& record) {
  StreamRecord made{.event_id = event_id(stream, change),
                    .kind = kind_of(record.kind),
                    .by_expiry = record.kind == table::ChangeKind::expire,
                    .time_ms = record.time_ms,
                    .sequence_number = sequence_number(change)};
  // The table may have gone: what its keys are is known from the stream.
  const table::TableSchema schema{.name = stream.table_name,
                                  .id = stream.table_id,
                                  .partition_key = stream.partition_key,
                                  .sort_key = stream.sort_key};
  QUIPU_CHECK(table::key_codec::read_row_key(record.item_row_key, schema, made.keys));
  QUIPU_TRY(made.new_image, whole_image(record.new_image, made.keys));
  QUIPU_TRY(made.old_image, whole_image(record.old_image, made.keys));
  made.size_bytes = made.keys.size_bytes() + (made.new_image ? made.new_image->size_bytes() : 0) +
                    (made.old_image ? made.old_image->size_bytes() : 0);
  return made;
}

}  // namespace quipu::stream
