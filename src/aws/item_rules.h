// What a table's schema asks of items and keys, in the service's words.
#pragma once

#include <string_view>

#include "aws/api_error.h"
#include "table/schema.h"

namespace quipu::aws {

std::string_view type_name(table::KeyType type);  // "S"

// Of a value that has the key's type: keys have no empty strings and binaries, nor do conditions on them.
Answer<> check_key_not_empty(const table::KeyAttribute& attribute, const value::Value& value);
Answer<> check_index_key_not_empty(const table::IndexSchema& index, const table::KeyAttribute& attribute,
                                   const value::Value& value);

// Of PutItem and what puts: the item has the table's key, with the right types and sizes, and right types for indexes.
Answer<> check_put_item(const table::TableSchema& schema, const value::Item& item);

// Of a Key parameter: exactly the table's key attributes.
Answer<> check_key(const table::TableSchema& schema, const value::Item& key);

// Of an item after an update: attributes that are keys of indexes have types that can be keys.
Answer<> check_updated_index_keys(const table::TableSchema& schema, const value::Item& item);

// The key attributes of a whole item.
value::Item key_of(const table::TableSchema& schema, const value::Item& item);
value::Item key_of(const table::TableSchema& schema, const table::IndexSchema& index, const value::Item& item);

}  // namespace quipu::aws
