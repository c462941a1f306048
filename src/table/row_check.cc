#include "table/row_check.h"

#include "base/bytes.h"
#include "table/change.h"
#include "table/idempotency.h"
#include "table/key_codec.h"
#include "table/rows.h"
#include "value/item_codec.h"

namespace quipu::table {

Result<> RowCheck::check_item(std::string_view key, std::string_view value) {
  if (key.size() < key_codec::table_prefix_bytes)
    return fail(ErrorCode::damaged, "an item's key has only {} bytes", key.size());
  const auto schema = schemas_.find(load_big_endian<std::uint32_t>(key.substr(1)));
  if (schema == schemas_.end()) return fail(ErrorCode::damaged, "an item of a table that does not exist");
  QUIPU_CHECK(value::decode_item(value, item_));
  QUIPU_CHECK(key_codec::read_row_key(key, schema->second, item_));
  ++items_;
  return {};
}

std::string RowCheck::check(std::string_view key, std::string_view value) {
  if (key.empty()) return "a row without a key";
  switch (static_cast<RowKind>(key.front())) {
    case RowKind::sequence: return value.size() == sizeof(std::uint64_t) ? "" : "a sequence that is not 8 bytes";
    case RowKind::schema: {
      auto schema = decode_schema(key, value);
      if (!schema) return std::move(schema).error().message;
      const std::uint32_t id = schema->id;
      schemas_.emplace(id, *std::move(schema));
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
  }
  return fmt::format("a row of an unknown kind, {}", static_cast<int>(key.front()));
}

}  // namespace quipu::table
