#include "table/key_codec.h"

#include "base/bytes.h"
#include "base/text.h"
#include "table/rows.h"
#include "value/value.h"

namespace quipu::table::key_codec {

namespace {

constexpr char escape = '\xff';
constexpr char terminator = '\x01';

void append_escaped(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    out.push_back(c);
    if (c == '\0') out.push_back(escape);
  }
  out.push_back('\0');
  out.push_back(terminator);
}

bool read_escaped(ByteReader& in, std::string& bytes) {
  bytes.clear();
  std::uint8_t byte = 0;
  while (in.read(byte)) {
    if (byte != 0) {
      bytes.push_back(static_cast<char>(byte));
      continue;
    }
    if (!in.read(byte)) return false;
    if (byte == static_cast<std::uint8_t>(terminator)) return true;
    if (byte != static_cast<std::uint8_t>(escape)) return false;
    bytes.push_back('\0');
  }
  return false;
}

bool skip_escaped(ByteReader& in) {
  std::uint8_t byte = 0;
  while (in.read(byte)) {
    if (byte != 0) continue;
    if (!in.read(byte)) return false;
    if (byte == static_cast<std::uint8_t>(terminator)) return true;
  }
  return false;
}

// The string or binary that a key attribute of that type needs.
Result<std::string_view> key_bytes(const KeyAttribute& attribute, const value::Value& value) {
  const bool is_string = attribute.type == KeyType::string;
  if (!value.is(is_string ? value::Type::string : value::Type::binary))
    return fail(ErrorCode::invalid_argument, "the key attribute {} must be a {}", attribute.name,
                is_string ? "string" : "binary");
  return is_string ? value.as_string() : value.as_binary();
}

Result<> append_attribute(std::string& out, const KeyAttribute& attribute, const value::Item& key,
                          std::size_t bytes_max, Place place) {
  const value::Value* value = key.find(attribute.name);
  if (value == nullptr) return fail(ErrorCode::invalid_argument, "the key attribute {} is missing", attribute.name);
  return append_part(out, attribute, *value, bytes_max, place);
}

}  // namespace

Result<> append_part(std::string& out, const KeyAttribute& attribute, const value::Value& value, std::size_t bytes_max,
                     Place place) {
  if (attribute.type == KeyType::number) {
    const value::Number* number = value.if_number();
    if (number == nullptr)
      return fail(ErrorCode::invalid_argument, "the key attribute {} must be a number", attribute.name);
    number->append_ordered(out);
    return {};
  }
  QUIPU_TRY(const std::string_view bytes, key_bytes(attribute, value));
  if (bytes.empty() || bytes.size() > bytes_max)
    return fail(ErrorCode::invalid_argument, "the key attribute {} must have 1 to {} bytes, it has {}", attribute.name,
                bytes_max, bytes.size());
  if (place == Place::last)
    out += bytes;
  else
    append_escaped(out, bytes);
  return {};
}

Result<> append_part_prefix(std::string& out, const KeyAttribute& attribute, const value::Value& value, Place place) {
  QUIPU_ASSERT(attribute.type != KeyType::number, "a number has no beginning");
  QUIPU_TRY(const std::string_view bytes, key_bytes(attribute, value));
  if (place == Place::last) {
    out += bytes;
  } else {
    append_escaped(out, bytes);
    out.resize(out.size() - 2);  // more may follow: no terminator
  }
  return {};
}

bool read_part(ByteReader& in, const KeyAttribute& attribute, Place place, value::Item& item) {
  if (attribute.type == KeyType::number) {
    value::Number number;
    if (!value::Number::read_ordered(in, number)) return false;
    item.slot(attribute.name).set_number(number);
    return true;
  }
  std::string escaped;
  std::string_view bytes;
  if (place == Place::last) {
    if (!in.read(in.rest().size(), bytes)) return false;
  } else {
    if (!read_escaped(in, escaped)) return false;
    bytes = escaped;
  }
  if (bytes.empty()) return false;
  if (attribute.type == KeyType::string) {
    if (!is_valid_utf8(bytes)) return false;
    item.slot(attribute.name).set_string(bytes);
  } else {
    item.slot(attribute.name).set_binary(bytes);
  }
  return true;
}

void append_table_prefix(std::string& row_key, std::uint32_t table_id) {
  append_row_kind(row_key, RowKind::item);
  append_big_endian(row_key, table_id);
}

Result<> append_row_key(std::string& row_key, const TableSchema& schema, const value::Item& key) {
  append_table_prefix(row_key, schema.id);
  QUIPU_CHECK(append_attribute(row_key, schema.partition_key, key, partition_key_bytes_max,
                               schema.sort_key ? Place::before_another : Place::last));
  if (schema.sort_key) QUIPU_CHECK(append_attribute(row_key, *schema.sort_key, key, sort_key_bytes_max, Place::last));
  return {};
}

void append_row_key(std::string& row_key, const TableSchema& schema, std::string_view partition_key) {
  QUIPU_ASSERT(!schema.sort_key && schema.partition_key.type == KeyType::string, "table {}", schema.name);
  QUIPU_ASSERT(!partition_key.empty() && partition_key.size() <= partition_key_bytes_max, "{} bytes",
               partition_key.size());
  append_table_prefix(row_key, schema.id);
  row_key += partition_key;
}

Result<> read_row_key(std::string_view row_key, const TableSchema& schema, value::Item& item) {
  if (row_key.size() < table_prefix_bytes || row_key.front() != static_cast<char>(RowKind::item) ||
      load_big_endian<std::uint32_t>(row_key.substr(1)) != schema.id)
    return fail(ErrorCode::damaged, "a row key of table {} is damaged: {}", schema.name, to_hex(row_key));
  return read_primary_key(primary_key_of(row_key), schema, item);
}

Result<> read_primary_key(std::string_view primary_key, const TableSchema& schema, value::Item& item) {
  ByteReader in{primary_key};
  if (!read_part(in, schema.partition_key, schema.sort_key ? Place::before_another : Place::last, item) ||
      (schema.sort_key && !read_part(in, *schema.sort_key, Place::last, item)) || !in.empty())
    return fail(ErrorCode::damaged, "a primary key of table {} is damaged: {}", schema.name, to_hex(primary_key));
  return {};
}

std::string_view primary_key_of(std::string_view row_key) {
  return row_key.substr(table_prefix_bytes);
}

std::string_view partition_bytes(std::string_view row_key, const TableSchema& schema) {
  const std::string_view primary_key = primary_key_of(row_key);
  if (!schema.sort_key) return primary_key;
  ByteReader in{primary_key};
  value::Number number;
  const bool whole =
      schema.partition_key.type == KeyType::number ? value::Number::read_ordered(in, number) : skip_escaped(in);
  return whole ? primary_key.substr(0, primary_key.size() - in.rest().size()) : primary_key;
}

}  // namespace quipu::table::key_codec
