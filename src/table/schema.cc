#include "table/schema.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "table/rows.h"

namespace quipu::table {

namespace {

constexpr std::uint8_t schema_version = 1;
constexpr std::uint8_t flag_system = 1;

void append_key_attribute(std::string& out, const KeyAttribute& attribute) {
  QUIPU_ASSERT(!attribute.name.empty() && attribute.name.size() <= key_attribute_name_bytes_max);
  out.push_back(static_cast<char>(attribute.type));
  out.push_back(static_cast<char>(attribute.name.size()));
  out += attribute.name;
}

bool read_key_attribute(ByteReader& in, KeyAttribute& attribute) {
  std::uint8_t type = 0;
  std::uint8_t size = 0;
  std::string_view name;
  if (!in.read(type) || type < 1 || type > 3 || !in.read(size) || size == 0 || !in.read(size, name)) return false;
  attribute = {.name = std::string{name}, .type = static_cast<KeyType>(type)};
  return true;
}

}  // namespace

std::string schema_key(std::string_view table_name) {
  std::string key;
  append_row_kind(key, RowKind::schema);
  key += table_name;
  return key;
}

std::string encode_schema(const TableSchema& schema) {
  std::string out;
  out.push_back(static_cast<char>(schema_version));
  append_big_endian(out, schema.id);
  out.push_back(static_cast<char>(schema.stream_view));
  out.push_back(static_cast<char>(schema.system ? flag_system : 0));
  append_big_endian(out, schema.created_ms);
  out.push_back(schema.sort_key ? 2 : 1);
  append_key_attribute(out, schema.partition_key);
  if (schema.sort_key) append_key_attribute(out, *schema.sort_key);
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
  if (!in.read(version) || version != schema_version) return damaged("unknown version");
  std::uint8_t view = 0;
  std::uint8_t flags = 0;
  std::uint8_t keys = 0;
  if (!in.read(schema.id) || !in.read(view) || !in.read(flags) || !in.read(schema.created_ms) || !in.read(keys))
    return damaged("it is cut short");
  if (view > static_cast<std::uint8_t>(StreamView::new_and_old_images)) return damaged("unknown stream view");
  if ((flags & ~flag_system) != 0) return damaged("unknown flags");
  if (keys != 1 && keys != 2) return damaged("a table has one or two key attributes");
  schema.stream_view = static_cast<StreamView>(view);
  schema.system = (flags & flag_system) != 0;
  if (!read_key_attribute(in, schema.partition_key)) return damaged("its partition key");
  if (keys == 2 && !read_key_attribute(in, schema.sort_key.emplace())) return damaged("its sort key");
  if (!in.empty()) return damaged("bytes follow its end");
  return schema;
}

}  // namespace quipu::table
