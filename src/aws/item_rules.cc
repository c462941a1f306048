#include "aws/item_rules.h"

#include "table/key_codec.h"

namespace quipu::aws {

namespace {

using table::KeyAttribute;
using table::KeyType;
using value::Item;
using value::Value;

bool has_type(const Value& value, KeyType type) {
  switch (type) {
    case KeyType::string: return value.is(value::Type::string);
    case KeyType::number: return value.is(value::Type::number);
    case KeyType::binary: return value.is(value::Type::binary);
  }
  return false;
}

std::size_t key_bytes(const Value& value) {
  if (value.is(value::Type::string)) return value.as_string().size();
  if (value.is(value::Type::binary)) return value.as_binary().size();
  return 1;  // numbers are never empty and always short enough
}

std::string_view kind_of_empty(const Value& value) {
  return value.is(value::Type::string) ? "string" : "binary";
}

Answer<> check_key_length(std::size_t bytes, bool sort_key) {
  if (sort_key && bytes > table::key_codec::sort_key_bytes_max)
    return invalid_values("Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
  if (!sort_key && bytes > table::key_codec::partition_key_bytes_max)
    return invalid_values("Size of hashkey has exceeded the maximum size limit of2048 bytes");
  return {};
}

// Of a key attribute's value that has the right type already.
Answer<> check_key_size(const KeyAttribute& attribute, const Value& value, bool sort_key) {
  QUIPU_CHECK(check_key_not_empty(attribute, value));
  return check_key_length(key_bytes(value), sort_key);
}

Answer<> check_put_key(const KeyAttribute& attribute, const Item& item, bool sort_key) {
  const Value* value = item.find(attribute.name);
  if (value == nullptr) return invalid_values("Missing the key {} in the item", attribute.name);
  if (!has_type(*value, attribute.type))
    return invalid_values("Type mismatch for key {} expected: {} actual: {}", attribute.name, type_name(attribute.type),
                          value::dynamodb_name(value->type()));
  return check_key_size(attribute, *value, sort_key);
}

Answer<> check_index_key_type(const table::IndexSchema& index, const KeyAttribute& attribute, const Value& value) {
  if (has_type(value, attribute.type)) return {};
  return invalid_values("Type mismatch for Index Key {} Expected: {} Actual: {} IndexName: {}", attribute.name,
                        type_name(attribute.type), value::dynamodb_name(value.type()), index.name);
}

Answer<> check_put_index_key(const table::IndexSchema& index, const KeyAttribute& attribute, const Item& item,
                             bool sort_key) {
  const Value* value = item.find(attribute.name);
  if (value == nullptr) return {};
  QUIPU_CHECK(check_index_key_type(index, attribute, *value));
  QUIPU_CHECK(check_index_key_not_empty(index, attribute, *value));
  return check_key_length(key_bytes(*value), sort_key);
}

Answer<> check_updated_index_key(const table::IndexSchema& index, const KeyAttribute& attribute, const Item& item,
                                 bool sort_key) {
  const Value* value = item.find(attribute.name);
  if (value == nullptr) return {};
  QUIPU_CHECK(check_index_key_type(index, attribute, *value));
  const std::size_t bytes = key_bytes(*value);
  if (bytes == 0)
    return validation(
        "One or more parameter values are not valid. The update expression attempted to update a secondary index key "
        "to "
        "a value that is not supported. The AttributeValue for a key attribute cannot contain an empty {} value.",
        kind_of_empty(*value));
  return check_key_length(bytes, sort_key);
}

Answer<> check_key_part(const KeyAttribute& attribute, const Item& key) {
  const Value* value = key.find(attribute.name);
  if (value == nullptr || !has_type(*value, attribute.type))
    return validation("The provided key element does not match the schema");
  return {};
}

void copy_key(const KeyAttribute& attribute, const Item& from, Item& to) {
  if (const Value* value = from.find(attribute.name)) to.set(attribute.name, *value);
}

}  // namespace

Answer<> check_key_not_empty(const KeyAttribute& attribute, const Value& value) {
  if (key_bytes(value) != 0) return {};
  return validation(
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty {} "
      "value. Key: {}",
      kind_of_empty(value), attribute.name);
}

Answer<> check_index_key_not_empty(const table::IndexSchema& index, const KeyAttribute& attribute, const Value& value) {
  if (key_bytes(value) != 0) return {};
  return validation(
      "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
      "AttributeValue for a key attribute cannot contain an empty {} value. IndexName: {}, IndexKey: {}",
      kind_of_empty(value), index.name, attribute.name);
}

std::string_view type_name(KeyType type) {
  return type == KeyType::string ? "S" : type == KeyType::number ? "N" : "B";
}

Answer<> check_put_item(const table::TableSchema& schema, const Item& item) {
  QUIPU_CHECK(check_put_key(schema.partition_key, item, false));
  if (schema.sort_key) QUIPU_CHECK(check_put_key(*schema.sort_key, item, true));
  for (const table::IndexSchema& index : schema.indexes) {
    QUIPU_CHECK(check_put_index_key(index, index.partition_key, item, false));
    if (index.sort_key) QUIPU_CHECK(check_put_index_key(index, *index.sort_key, item, true));
  }
  return {};
}

Answer<> check_key(const table::TableSchema& schema, const Item& key) {
  if (key.size() != (schema.sort_key ? 2U : 1U))
    return validation("The provided key element does not match the schema");
  QUIPU_CHECK(check_key_part(schema.partition_key, key));
  if (schema.sort_key) QUIPU_CHECK(check_key_part(*schema.sort_key, key));
  QUIPU_CHECK(check_key_size(schema.partition_key, *key.find(schema.partition_key.name), false));
  if (schema.sort_key) QUIPU_CHECK(check_key_size(*schema.sort_key, *key.find(schema.sort_key->name), true));
  return {};
}

Answer<> check_updated_index_keys(const table::TableSchema& schema, const Item& item) {
  for (const table::IndexSchema& index : schema.indexes) {
    QUIPU_CHECK(check_updated_index_key(index, index.partition_key, item, false));
    if (index.sort_key) QUIPU_CHECK(check_updated_index_key(index, *index.sort_key, item, true));
  }
  return {};
}

Item key_of(const table::TableSchema& schema, const Item& item) {
  Item key;
  copy_key(schema.partition_key, item, key);
  if (schema.sort_key) copy_key(*schema.sort_key, item, key);
  return key;
}

Item key_of(const table::TableSchema& schema, const table::IndexSchema& index, const Item& item) {
  Item key = key_of(schema, item);
  copy_key(index.partition_key, item, key);
  if (index.sort_key) copy_key(*index.sort_key, item, key);
  return key;
}

}  // namespace quipu::aws
