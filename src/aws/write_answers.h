// Parts of the answers to writes.
#pragma once

#include <string_view>

#include "aws/item_writes.h"
#include "aws/json_tree.h"
#include "base/json_writer.h"

namespace quipu::aws {

// ReturnConsumedCapacity and ReturnItemCollectionMetrics.
void read_answer_options(const JsonNode& input, ItemWrites& writes);

void append_item_member(JsonWriter& json, std::string_view member, const value::Item& item);

// Item collections are what tables with local indexes have.
bool has_collections(const table::TableSchema& schema);
void append_collection_metrics(JsonWriter& json, const ItemWrite& write);
// Of several writes: by table, in the order of names.
void append_all_collection_metrics(JsonWriter& json, const ItemWrites& writes);

}  // namespace quipu::aws
