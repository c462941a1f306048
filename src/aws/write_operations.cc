// PutItem, UpdateItem, DeleteItem.
#include "aws/attribute_json.h"
#include "aws/item_operations.h"
#include "aws/item_rules.h"
#include "aws/json_members.h"
#include "aws/request_parts.h"
#include "aws/write_answers.h"
#include "aws/write_requests.h"

namespace quipu::aws {

namespace {

// What ReturnValues shows; nothing if there is nothing to show.
std::optional<value::Item> shown_attributes(const ItemWrite& write) {
  const auto updated = [&](const std::optional<value::Item>& from) -> std::optional<value::Item> {
    if (!from || !write.update) return std::nullopt;
    value::Item picked;
    write.update->pick_updated(*from, picked);
    if (picked.empty()) return std::nullopt;
    return picked;
  };
  switch (write.return_values) {
    case ReturnValues::none: return std::nullopt;
    case ReturnValues::all_old: return write.old_item;
    case ReturnValues::all_new: return write.new_item;
    case ReturnValues::updated_old: return updated(write.old_item);
    case ReturnValues::updated_new: return updated(write.new_item);
  }
  return std::nullopt;
}

Answer<> answer_one(const ItemWrites& writes, std::string& body) {
  const ItemWrite& write = writes.all().front();
  if (write.failure) return std::unexpected(*write.failure);
  body.clear();
  JsonWriter json{body};
  json.begin_object();
  if (const auto shown = shown_attributes(write)) append_item_member(json, "Attributes", *shown);
  if (writes.return_capacity != ReturnCapacity::none) {
    Capacity capacity;
    writes.append_capacity(capacity);
    capacity.append(json, writes.return_capacity);
  }
  if (writes.return_collection_metrics && has_collections(*write.schema)) {
    json.member("ItemCollectionMetrics");
    append_collection_metrics(json, write);
  }
  json.end_object();
  return {};
}

Answer<> begin_one(Call& call, Answer<> (*read)(const JsonNode& input, ItemWrite& write)) {
  const JsonNode& input = *call.input;
  ItemWrite& write = call.writes.add();
  QUIPU_CHECK(read(input, write));
  read_answer_options(input, call.writes);
  QUIPU_CHECK(bind_write(call, string_member_or(input, "TableName", {}), write));
  return call.commit(answer_one);
}

}  // namespace

Answer<> begin_put_item(Call& call) {
  return begin_one(call, read_put);
}

Answer<> begin_update_item(Call& call) {
  return begin_one(call, read_update);
}

Answer<> begin_delete_item(Call& call) {
  return begin_one(call, read_delete);
}

}  // namespace quipu::aws
