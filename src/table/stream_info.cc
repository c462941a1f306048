#include "table/stream_info.h"

#include "base/bytes.h"
#include "table/members.h"
#include "table/rows.h"
#include "value/item_codec.h"

namespace quipu::table {

namespace {

constexpr std::uint8_t stream_version = 1;

}  // namespace

void append_stream_key(std::string& key, std::uint32_t table_id, std::uint64_t created_ms) {
  append_row_kind(key, RowKind::stream);
  append_big_endian(key, table_id);
  append_big_endian(key, created_ms);
}

std::string encode_stream(const StreamInfo& stream) {
  value::Item item;
  item.set("table", value::Value::string(stream.table_name));
  set_enum(item, "view", stream.view);
  item.set("key", key_value(stream.partition_key, stream.sort_key));
  set_number(item, "first_change", stream.first_change);
  set_number(item, "end_change", stream.end_change);
  set_number(item, "ended_ms", stream.ended_ms);
  std::string out;
  out.push_back(static_cast<char>(stream_version));
  value::encode_item(item, out);
  return out;
}

Result<StreamInfo> decode_stream(std::string_view key, std::string_view value) {
  StreamInfo stream;
  ByteReader in_key{key};
  std::uint8_t kind = 0;
  ByteReader in_value{value};
  std::uint8_t version = 0;
  value::Item item;
  if (!in_key.read(kind) || !in_key.read(stream.table_id) || !in_key.read(stream.created_ms) || !in_key.empty() ||
      !in_value.read(version) || version != stream_version || !value::decode_item(in_value.rest(), item))
    return fail(ErrorCode::damaged, "the stream row {} is damaged", to_hex(key));
  Members in{item};
  if (!in.string("table", stream.table_name) ||
      !in.enumerated("view", stream.view, StreamView::keys_only, StreamView::new_and_old_images) ||
      !in.key(stream.partition_key, stream.sort_key) || !in.number("first_change", stream.first_change) ||
      !in.number("end_change", stream.end_change) || !in.number("ended_ms", stream.ended_ms) || !in.nothing_left())
    return fail(ErrorCode::damaged, "the stream row of table {} is damaged", stream.table_name);
  return stream;
}

}  // namespace quipu::table
