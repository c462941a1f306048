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

// Where a key attribute stands in the row key.
enum class Place : std::uint8_t { last, before_another };

Result<> append_part(std::string& out, const KeyAttribute& attribute, const value::Item& key, std::size_t bytes_max,
                     Place place) {
  const value::Value* value = key.find(attribute.name);
  if (value == nullptr) return fail(ErrorCode::invalid_argument, "the key attribute {} is missing", attribute.name);
  if (attribute.type == KeyType::number) {
    const value::Number* number = value->if_number();
    if (number == nullptr)
      return fail(ErrorCode::invalid_argument, "the key attribute {} must be a number", attribute.name);
    number->append_ordered(out);
    return {};
  }
  const bool is_string = attribute.type == KeyType::string;
  if (!value->is(is_string ? value::Type::string : value::Type::binary))
    return fail(ErrorCode::invalid_argument, "the key attribute {} must be a {}", attribute.name,
                is_string ? "string" : "binary");
  const std::string& bytes = is_string ? value->as_string() : value->as_binary();
  if (bytes.empty() || bytes.size() > bytes_max)
    return fail(ErrorCode::invalid_argument, "the key attribute {} must have 1 to {} bytes, it has {}", attribute.name,
                bytes_max, bytes.size());
  if (place == Place::last)
    out += bytes;
  else
    append_escaped(out, bytes);
  return {};
}

bool read_part(ByteReader& in, const KeyAttribute& attribute, Place place, value::Item& item) {
  if (attribute.type == KeyType::number) {
    value::Number number;
    if (!value::Number::read_ordered(in, number)) return false;
    item.set(attribute.name, value::Value::number(number));
    return true;
  }
  std::string bytes;
  if (place == Place::last) {
    std::string_view rest;
    if (!in.read(in.rest().size(), rest)) return false;
    bytes = rest;
  } else if (!read_escaped(in, bytes)) {
    return false;
  }
  if (bytes.empty()) return false;
  if (attribute.type == KeyType::string) {
    if (!is_valid_utf8(bytes)) return false;
    item.set(attribute.name, value::Value::string(std::move(bytes)));
  } else {
    item.set(attribute.name, value::Value::binary(std::move(bytes)));
  }
  return true;
}

}  // namespace

void append_table_prefix(std::string& row_key, std::uint32_t table_id) {
  append_row_kind(row_key, RowKind::item);
  append_big_endian(row_key, table_id);
}

Result<> append_row_key(std::string& row_key, const TableSchema& schema, const value::Item& key) {
  append_table_prefix(row_key, schema.id);
  QUIPU_CHECK(append_part(row_key, schema.partition_key, key, partition_key_bytes_max,
                          schema.sort_key ? Place::before_another : Place::last));
  if (schema.sort_key) QUIPU_CHECK(append_part(row_key, *schema.sort_key, key, sort_key_bytes_max, Place::last));
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
  const auto damaged = [&] {
    return fail(ErrorCode::damaged, "a row key of table {} is damaged: {}", schema.name, to_hex(row_key));
  };
  std::string prefix;
  append_table_prefix(prefix, schema.id);
  if (!row_key.starts_with(prefix)) return damaged();
  ByteReader in{row_key.substr(prefix.size())};
  if (!read_part(in, schema.partition_key, schema.sort_key ? Place::before_another : Place::last, item))
    return damaged();
  if (schema.sort_key && !read_part(in, *schema.sort_key, Place::last, item)) return damaged();
  if (!in.empty()) return damaged();
  return {};
}

}  // namespace quipu::table::key_codec
