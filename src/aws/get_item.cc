// GetItem.
#include "aws/gets.h"
#include "aws/item_operations.h"
#include "aws/json_members.h"
#include "aws/request_parts.h"
#include "aws/write_answers.h"

namespace quipu::aws {

namespace {

struct GetRequest {
  Get get;
  ReturnCapacity return_capacity = ReturnCapacity::none;
};

// `item` has the attributes without the key.
void answer(const GetRequest& request, bool found, value::Item& item, std::string& body) {
  body.clear();
  JsonWriter json{body};
  json.begin_object();
  if (found) {
    for (const value::Attribute& attribute : request.get.key) item.set(attribute.name, attribute.value);
    value::Item picked;
    append_item_member(json, "Item", *request.get.shown(item, picked));
  }
  if (request.return_capacity != ReturnCapacity::none) {
    Capacity capacity;
    capacity.of(request.get.schema->name).add_read(read_units(found ? item.size_bytes() : 0, request.get.consistency));
    capacity.append(json, request.return_capacity);
  }
  json.end_object();
}

}  // namespace

Answer<> begin_get_item(Call& call) {
  const JsonNode& input = *call.input;
  GetRequest request;
  Get& get = request.get;
  QUIPU_TRY(get.projection, read_projection_of(input));
  QUIPU_TRY(get.key, item_member(input, "Key"));
  get.consistency = read_consistency(input);
  request.return_capacity = parse_return_capacity(string_member_or(input, "ReturnConsumedCapacity", {}));
  QUIPU_CHECK(bind_get(call, string_member_or(input, "TableName", {}), get));

  value::Item item;
  QUIPU_API_TRY(const auto cached, call.context.tables.read_cached(get.row_key, item));
  if (cached != storage::Store::Cached::needs_disk) {
    answer(request, cached == storage::Store::Cached::found, item, call.body);
    return {};
  }
  return call.run_on_worker([request = std::move(request)](Call& on_worker) -> Answer<> {
    value::Item read;
    const table::Tables& tables = on_worker.context.tables;
    QUIPU_API_TRY(const bool found, tables.read(request.get.row_key, read));
    if (!found && !tables.still_has(*request.get.schema)) return item_table_not_found();
    answer(request, found, read, on_worker.body);
    return {};
  });
}

}  // namespace quipu::aws
