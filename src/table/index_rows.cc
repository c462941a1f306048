#include "table/index_rows.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"
#include "table/key_codec.h"
#include "table/rows.h"
#include "value/item_codec.h"

namespace quipu::table {

namespace {

using key_codec::Place;
using value::Item;

constexpr std::size_t index_prefix_bytes = 1 + sizeof(std::uint32_t);

bool append_index_part(std::string& out, const KeyAttribute& attribute, const Item& item, std::size_t bytes_max) {
  const value::Value* value = item.find(attribute.name);
  return value != nullptr &&
         key_codec::append_part(out, attribute, *value, bytes_max, Place::before_another).has_value();
}

bool is_key(const TableSchema& schema, const IndexSchema& index, std::string_view name) {
  return name == schema.partition_key.name || (schema.sort_key && name == schema.sort_key->name) ||
         name == index.partition_key.name || (index.sort_key && name == index.sort_key->name);
}

void encode_projected(const TableSchema& schema, const IndexSchema& index, const Item& item, std::string& out) {
  Item projected;
  if (index.projection != IndexProjection::keys_only) {
    for (const value::Attribute& attribute : item) {
      if (is_key(schema, index, attribute.name)) continue;
      if (index.projection == IndexProjection::all ||
          std::ranges::find(index.included, attribute.name) != index.included.end())
        projected.set(attribute.name, attribute.value);
    }
  }
  value::encode_item(projected, out);
}

// Reads the index key's parts; what is left is the primary key.
bool read_index_key(ByteReader& in, const IndexSchema& index, Item& item) {
  std::string_view prefix;
  return in.read(index_prefix_bytes, prefix) &&
         key_codec::read_part(in, index.partition_key, Place::before_another, item) &&
         (!index.sort_key || key_codec::read_part(in, *index.sort_key, Place::before_another, item));
}

std::unexpected<Error> damaged(std::string_view key, const IndexSchema& index) {
  return fail(ErrorCode::damaged, "a row of index {} is damaged: {}", index.name, to_hex(key));
}

}  // namespace

void append_index_prefix(std::string& key, std::uint32_t index_id) {
  append_row_kind(key, RowKind::index);
  append_big_endian(key, index_id);
}

void append_expiry_prefix(std::string& key, std::uint32_t expiry_id) {
  append_row_kind(key, RowKind::expiry);
  append_big_endian(key, expiry_id);
}

std::optional<IndexRow> make_index_row(const TableSchema& schema, const IndexSchema& index, std::string_view row_key,
                                       const Item& item) {
  IndexRow row;
  append_index_prefix(row.key, index.id);
  if (!append_index_part(row.key, index.partition_key, item, key_codec::partition_key_bytes_max)) return std::nullopt;
  if (index.sort_key && !append_index_part(row.key, *index.sort_key, item, key_codec::sort_key_bytes_max))
    return std::nullopt;
  row.key += key_codec::primary_key_of(row_key);
  encode_projected(schema, index, item, row.value);
  return row;
}

std::optional<IndexRow> make_expiry_row(const ExpirySchema& expiry, std::string_view row_key, const Item& item) {
  const value::Value* value = item.find(expiry.attribute);
  const value::Number* number = value != nullptr ? value->if_number() : nullptr;
  if (number == nullptr || number->is_negative()) return std::nullopt;
  const std::string text = number->to_string();
  const auto second = parse_int64(std::string_view{text}.substr(0, text.find('.')));
  if (!second) return std::nullopt;  // further away than 64 bits count
  IndexRow row;
  append_expiry_prefix(row.key, expiry.id);
  append_big_endian(row.key, static_cast<std::uint64_t>(*second));
  row.key += key_codec::primary_key_of(row_key);
  return row;
}

Result<> read_index_row(std::string_view key, std::string_view value, const TableSchema& schema,
                        const IndexSchema& index, Item& item) {
  QUIPU_CHECK(value::decode_item(value, item));
  ByteReader in{key};
  if (!read_index_key(in, index, item)) return damaged(key, index);
  return key_codec::read_primary_key(in.rest(), schema, item);
}

std::string_view index_partition_bytes(std::string_view key, const IndexSchema& index) {
  ByteReader in{key.substr(std::min(key.size(), index_prefix_bytes))};
  const std::size_t bytes = in.rest().size();
  Item ignored;
  key_codec::read_part(in, index.partition_key, Place::before_another, ignored);
  return key.substr(key.size() - bytes, bytes - in.rest().size());
}

Result<std::string> item_row_key_of_index_row(std::string_view key, const TableSchema& schema,
                                              const IndexSchema& index) {
  Item ignored;
  ByteReader in{key};
  if (!read_index_key(in, index, ignored)) return damaged(key, index);
  std::string row_key;
  key_codec::append_table_prefix(row_key, schema.id);
  row_key += in.rest();
  return row_key;
}

std::optional<ExpiryRow> decode_expiry_key(std::string_view key) {
  ByteReader in{key};
  std::string_view prefix;
  ExpiryRow row;
  if (!in.read(index_prefix_bytes, prefix) || !in.read(row.second) || in.empty()) return std::nullopt;
  row.primary_key = in.rest();
  return row;
}

}  // namespace quipu::table
