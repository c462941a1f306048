#include "aws/write_answers.h"

#include <algorithm>
#include <map>
#include <vector>

#include "aws/attribute_json.h"
#include "aws/json_members.h"
#include "aws/request_parts.h"

namespace quipu::aws {

void read_answer_options(const JsonNode& input, ItemWrites& writes) {
  writes.return_capacity = parse_return_capacity(string_member_or(input, "ReturnConsumedCapacity", {}));
  writes.return_collection_metrics = string_member_or(input, "ReturnItemCollectionMetrics", {}) == "SIZE";
}

void append_item_member(JsonWriter& json, std::string_view member, const value::Item& item) {
  std::string text;
  append_item(text, item);
  json.member(member).raw_value(text);
}

bool has_collections(const table::TableSchema& schema) {
  return std::ranges::any_of(schema.indexes,
                             [](const table::IndexSchema& index) { return index.kind == table::IndexKind::local; });
}

void append_collection_metrics(JsonWriter& json, const ItemWrite& write) {
  value::Item key;
  const std::string& name = write.schema->partition_key.name;
  key.set(name, *write.key.find(name));
  json.begin_object();
  append_item_member(json, "ItemCollectionKey", key);
  // Nothing limits collections here, so nobody needs to know more than that there is room.
  json.member("SizeEstimateRangeGB").begin_array().raw_number("0.0").raw_number("1.0").end_array();
  json.end_object();
}

void append_all_collection_metrics(JsonWriter& json, const ItemWrites& writes) {
  std::map<std::string_view, std::vector<const ItemWrite*>> by_table;
  for (const ItemWrite& write : writes.all())
    if (has_collections(*write.schema)) by_table[write.schema->name].push_back(&write);
  json.member("ItemCollectionMetrics").begin_object();
  for (const auto& [name, of_table] : by_table) {
    json.member(name).begin_array();
    for (const ItemWrite* write : of_table) append_collection_metrics(json, *write);
    json.end_array();
  }
  json.end_object();
}

}  // namespace quipu::aws
