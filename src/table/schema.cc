#include "table/schema.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/text.h"
#include "table/members.h"
#include "table/rows.h"
#include "value/item_codec.h"

namespace quipu::table {

namespace {

using value::Item;
using value::Value;

constexpr std::uint8_t schema_version = 2;
constexpr std::uint8_t first_schema_version = 1;
constexpr std::uint8_t first_version_flag_system = 1;

Value index_value(const IndexSchema& index) {
  Item item;
  item.set("name", Value::string(index.name));
  set_number(item, "id", index.id);
  set_enum(item, "kind", index.kind);
  item.set("key", key_value(index.partition_key, index.sort_key));
  set_enum(item, "projection", index.projection);
  Value::List included;
  for (const std::string& name : index.included) included.push_back(Value::string(name));
  item.set("included", Value::list(std::move(included)));
  set_enum(item, "filling", index.filling);
  item.set("settings", Value::map(index.settings));
  return Value::map(std::move(item));
}

Item schema_item(const TableSchema& schema) {
  Item item;
  set_number(item, "id", schema.id);
  item.set("key", key_value(schema.partition_key, schema.sort_key));
  set_enum(item, "stream_view", schema.stream_view);
  set_number(item, "stream_created_ms", schema.stream_created_ms);
  item.set("system", Value::boolean(schema.system));
  set_number(item, "created_ms", schema.created_ms);
  Value::List indexes;
  for (const IndexSchema& index : schema.indexes) indexes.push_back(index_value(index));
  item.set("indexes", Value::list(std::move(indexes)));
  if (schema.expiry) {
    Item expiry;
    expiry.set("attribute", Value::string(schema.expiry->attribute));
    set_number(expiry, "id", schema.expiry->id);
    set_enum(expiry, "filling", schema.expiry->filling);
    item.set("expiry", Value::map(std::move(expiry)));
  }
  set_enum(item, "filling", schema.filling);
  item.set("source", Value::string(schema.source));
  item.set("settings", Value::map(schema.settings));
  return item;
}

bool read_filling(Members& in, Filling& filling) {
  return in.enumerated("filling", filling, Filling::done, Filling::under_way);
}

bool read_index(const Value& value, IndexSchema& index) {
  if (!value.is(value::Type::map)) return false;
  Members in{value.as_map()};
  if (!in.string("name", index.name) || !in.id(index.id) ||
      !in.enumerated("kind", index.kind, IndexKind::local, IndexKind::global) ||
      !in.key(index.partition_key, index.sort_key) ||
      !in.enumerated("projection", index.projection, IndexProjection::all, IndexProjection::include) ||
      !read_filling(in, index.filling) || !in.map("settings", index.settings))
    return false;
  const Value::List* included = in.list("included");
  if (included == nullptr) return false;
  for (const Value& name : *included) {
    if (name.if_string() == nullptr) return false;
    index.included.push_back(*name.if_string());
  }
  return in.nothing_left();
}

bool read_expiry(Members& in, std::optional<ExpirySchema>& expiry) {
  const Value* value = in.take("expiry");
  if (value == nullptr) return true;
  if (!value->is(value::Type::map)) return false;
  Members members{value->as_map()};
  expiry.emplace();
  return members.string("attribute", expiry->attribute) && members.id(expiry->id) &&
         read_filling(members, expiry->filling) && members.nothing_left();
}

bool read_schema_item(const Item& item, TableSchema& schema) {
  Members in{item};
  if (!in.id(schema.id) || !in.key(schema.partition_key, schema.sort_key) ||
      !in.enumerated("stream_view", schema.stream_view, StreamView::off, StreamView::new_and_old_images) ||
      !in.number("stream_created_ms", schema.stream_created_ms) || !in.boolean("system", schema.system) ||
      !in.number("created_ms", schema.created_ms) || !read_expiry(in, schema.expiry) ||
      !read_filling(in, schema.filling) || !in.string("source", schema.source) || !in.map("settings", schema.settings))
    return false;
  const Value::List* indexes = in.list("indexes");
  if (indexes == nullptr) return false;
  for (const Value& value : *indexes)
    if (!read_index(value, schema.indexes.emplace_back())) return false;
  return in.nothing_left();
}

bool read_first_version_key(ByteReader& in, KeyAttribute& attribute) {
  std::uint8_t type = 0;
  std::uint8_t size = 0;
  std::string_view name;
  if (!in.read(type) || type < 1 || type > 3 || !in.read(size) || size == 0 || !in.read(size, name) ||
      !is_valid_utf8(name))
    return false;
  attribute = {.name = std::string{name}, .type = static_cast<KeyType>(type)};
  return true;
}

bool read_first_version(ByteReader& in, TableSchema& schema) {
  std::uint8_t view = 0;
  std::uint8_t flags = 0;
  std::uint8_t keys = 0;
  if (!in.read(schema.id) || !in.read(view) || !in.read(flags) || !in.read(schema.created_ms) || !in.read(keys) ||
      schema.created_ms > INT64_MAX || view > static_cast<std::uint8_t>(StreamView::new_and_old_images) ||
      (flags & ~first_version_flag_system) != 0 || (keys != 1 && keys != 2))
    return false;
  schema.stream_view = static_cast<StreamView>(view);
  schema.system = (flags & first_version_flag_system) != 0;
  return read_first_version_key(in, schema.partition_key) &&
         (keys == 1 || read_first_version_key(in, schema.sort_key.emplace())) && in.empty();
}

}  // namespace

const IndexSchema* TableSchema::find_index(std::string_view index_name) const {
  const auto found = std::ranges::find(indexes, index_name, &IndexSchema::name);
  return found == indexes.end() ? nullptr : &*found;
}

std::vector<KeyAttribute> TableSchema::key_attributes() const {
  std::vector<KeyAttribute> attributes;
  const auto add = [&](const KeyAttribute& attribute) {
    if (std::ranges::find(attributes, attribute.name, &KeyAttribute::name) == attributes.end())
      attributes.push_back(attribute);
  };
  add(partition_key);
  if (sort_key) add(*sort_key);
  for (const IndexSchema& index : indexes) {
    add(index.partition_key);
    if (index.sort_key) add(*index.sort_key);
  }
  return attributes;
}

std::string schema_key(std::string_view table_name) {
  std::string key;
  append_row_kind(key, RowKind::schema);
  key += table_name;
  return key;
}

std::string encode_schema(const TableSchema& schema) {
  std::string out;
  out.push_back(static_cast<char>(schema_version));
  value::encode_item(schema_item(schema), out);
  return out;
}

Result<TableSchema> decode_schema(std::string_view key, std::string_view value) {
  const auto damaged = [&](std::string_view what) {
    return fail(ErrorCode::damaged, "the schema of table {:?} is damaged: {}", key.substr(key.empty() ? 0 : 1), what);
  };
  TableSchema schema;
  if (key.size() < 2 || key.size() > table_name_bytes_max + 1) return damaged("its name has the wrong length");
  schema.name = key.substr(1);

  ByteReader in{value};
  std::uint8_t version = 0;
  if (!in.read(version)) return damaged("it is empty");
  if (version == first_schema_version) {
    if (!read_first_version(in, schema)) return damaged("a member is missing or out of range");
    return schema;
  }
  if (version != schema_version) return damaged("unknown version");
  Item item;
  QUIPU_CHECK(value::decode_item(in.rest(), item));
  if (!read_schema_item(item, schema)) return damaged("a member is missing, unknown or out of range");
  return schema;
}

}  // namespace quipu::table
