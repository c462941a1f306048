#include "table/row_check.h"

#include "base/bytes.h"
#include "table/change.h"
#include "table/idempotency.h"
#include "table/index_rows.h"
#include "table/key_codec.h"
#include "table/purge.h"
#include "table/rows.h"
#include "table/stream_info.h"
#include "table/table_figures.h"
#include "value/item_codec.h"

namespace quipu::table {

Result<> RowCheck::check_item(std::string_view key, std::string_view value) {
  if (key.size() < key_codec::table_prefix_bytes)
    return fail(ErrorCode::damaged, "an item's key has only {} bytes", key.size());
  const auto schema = schemas_.find(load_big_endian<std::uint32_t>(key.substr(1)));
  QUIPU_CHECK(value::decode_item(value, item_));
  if (schema == schemas_.end()) {
    ownerless_.emplace(key.substr(0, key_codec::table_prefix_bytes));
    return {};
  }
  QUIPU_CHECK(key_codec::read_row_key(key, schema->second, item_));
  ++items_;
  return {};
}

void RowCheck::learn(TableSchema schema) {
  const std::uint32_t id = schema.id;
  for (std::size_t i = 0; i < schema.indexes.size(); ++i)
    indexes_.emplace(schema.indexes[i].id, IndexOfTable{.table_id = id, .index = i});
  schemas_.emplace(id, std::move(schema));
}

Result<> RowCheck::check_index_row(std::string_view key, std::string_view value) {
  if (key.size() < key_codec::table_prefix_bytes)
    return fail(ErrorCode::damaged, "an index row's key has only {} bytes", key.size());
  const auto found = indexes_.find(load_big_endian<std::uint32_t>(key.substr(1)));
  if (found == indexes_.end()) {
    ownerless_.emplace(key.substr(0, key_codec::table_prefix_bytes));
    return {};
  }
  const TableSchema& schema = schemas_.at(found->second.table_id);
  return read_index_row(key, value, schema, schema.indexes[found->second.index], item_);
}

std::string RowCheck::finish() const {
  if (ownerless_.empty()) return "";
  return fmt::format("{} tables or indexes have rows but no schema, and are not being deleted; the first is {}",
                     ownerless_.size(), to_hex(*ownerless_.begin()));
}

std::string RowCheck::check(std::string_view key, std::string_view value) {
  if (key.empty()) return "a row without a key";
  switch (static_cast<RowKind>(key.front())) {
    case RowKind::sequence: return value.size() == sizeof(std::uint64_t) ? "" : "a sequence that is not 8 bytes";
    case RowKind::schema: {
      auto schema = decode_schema(key, value);
      if (!schema) return std::move(schema).error().message;
      learn(*std::move(schema));
      return "";
    }
    case RowKind::item: {
      auto checked = check_item(key, value);
      return checked ? "" : std::move(checked).error().message;
    }
    case RowKind::change: return decode_change(value) ? "" : "a change record that cannot be read";
    case RowKind::idempotency: return decode_idempotency_row(value) ? "" : "an idempotency row that cannot be read";
    case RowKind::idempotency_order:
      return decode_idempotency_order_row(value) ? "" : "an idempotency order row that cannot be read";
    case RowKind::index: {
      auto checked = check_index_row(key, value);
      return checked ? "" : std::move(checked).error().message;
    }
    case RowKind::expiry: return decode_expiry_key(key) && value.empty() ? "" : "an expiry row that cannot be read";
    case RowKind::purge:
      ownerless_.erase(std::string{purge_prefix(key)});
      return is_purge_value(value) ? "" : "a purge row that cannot be read";
    case RowKind::stream: return decode_stream(key, value) ? "" : "a stream row that cannot be read";
    case RowKind::figures: return decode_figures(value) ? "" : "figures that cannot be read";
  }
  return fmt::format("a row of an unknown kind, {}", static_cast<int>(key.front()));
}

}  // namespace quipu::table
