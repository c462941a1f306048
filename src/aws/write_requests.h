// PutItem, UpdateItem, DeleteItem and the members of TransactWriteItems that look like them: from JSON to an ItemWrite.
// First everything that can be said without the table (read_...), then what its schema asks (bind_write).
#pragma once

#include "aws/call.h"

namespace quipu::aws {

Answer<> read_put(const JsonNode& input, ItemWrite& write);
Answer<> read_update(const JsonNode& input, ItemWrite& write);
Answer<> read_delete(const JsonNode& input, ItemWrite& write);
Answer<> read_condition_check(const JsonNode& input, ItemWrite& write);

// The table must be there; what is wrong with the write itself is then its own failure.
Answer<> bind_table(const Call& call, std::string_view table_name, ItemWrite& write);
Answer<> bind_item(ItemWrite& write);
Answer<> bind_write(const Call& call, std::string_view table_name, ItemWrite& write);

}  // namespace quipu::aws
