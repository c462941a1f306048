// BatchGetItem.
#include "aws/attribute_json.h"
#include "aws/gets.h"
#include "aws/item_operations.h"
#include "aws/json_members.h"
#include "aws/request_parts.h"
#include "aws/write_answers.h"

namespace quipu::aws {

namespace {

constexpr std::size_t batch_gets_max = 100;
constexpr std::size_t answer_bytes_max = 16_MiB;

struct TableGets {
  std::string_view name;  // as the request has it; in the call's text
  const JsonNode* request;
  std::size_t first;
  std::size_t end;
};

struct BatchGet {
  std::vector<Get> gets;
  std::vector<TableGets> tables;
  ReturnCapacity return_capacity = ReturnCapacity::none;
};

Answer<> read_table(const JsonMember& table, BatchGet& batch) {
  TableGets& of_table = batch.tables.emplace_back(
      TableGets{.name = table.name, .request = &table.value, .first = batch.gets.size(), .end = 0});
  QUIPU_TRY(const auto projection, read_projection_of(table.value));
  for (const JsonNode& key : table.value.find("Keys")->elements()) {
    Get& get = batch.gets.emplace_back();
    QUIPU_CHECK(read_item(key, get.key));
    get.projection = projection;
    get.consistency = read_consistency(table.value);
  }
  of_table.end = batch.gets.size();
  return check_no_duplicates(std::span{batch.gets}.subspan(of_table.first),
                             "Provided list of item keys contains duplicates");
}

// What UnprocessedKeys repeats of a table's request, besides the keys.
void append_options(const JsonNode& request, JsonWriter& json) {
  if (const JsonNode* text = request.find("ProjectionExpression"))
    json.member("ProjectionExpression").string(text->text());
  if (request.find("ConsistentRead") != nullptr)
    json.member("ConsistentRead").boolean(boolean_member_or(request, "ConsistentRead", false));
  if (const JsonNode* names = request.find("ExpressionAttributeNames")) {
    json.member("ExpressionAttributeNames").begin_object();
    for (const JsonMember& name : names->members()) json.member(name.name).string(name.value.text());
    json.end_object();
  }
  if (const JsonNode* names = request.find("AttributesToGet")) {
    json.member("AttributesToGet").begin_array();
    for (const JsonNode& name : names->elements()) json.string(name.text());
    json.end_array();
  }
}

void append_keys(const BatchGet& batch, std::size_t first, std::size_t end, JsonWriter& json) {
  json.member("Keys").begin_array();
  for (std::size_t i = first; i < end; ++i) {
    std::string key;
    append_item(key, batch.gets[i].key);
    json.raw_value(key);
  }
  json.end_array();
}

// Everything from `unprocessed` on did not fit.
void append_unprocessed(const BatchGet& batch, std::size_t unprocessed, JsonWriter& json) {
  json.member("UnprocessedKeys").begin_object();
  for (const TableGets& table : batch.tables) {
    const std::size_t first = std::max(table.first, unprocessed);
    if (first >= table.end) continue;
    json.member(table.name).begin_object();
    append_options(*table.request, json);
    append_keys(batch, first, table.end, json);
    json.end_object();
  }
  json.end_object();
}

std::size_t count_that_fits(const std::vector<std::optional<value::Item>>& items) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    bytes += items[i] ? items[i]->size_bytes() : 0;
    if (bytes > answer_bytes_max) return i;
  }
  return items.size();
}

Answer<> answer(const BatchGet& batch, Call& call) {
  QUIPU_TRY(const auto items, read_all(call.context, batch.gets));
  const std::size_t processed = count_that_fits(items);
  Capacity capacity;
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("Responses").begin_object();
  value::Item picked;
  for (const TableGets& table : batch.tables) {
    json.member(table.name).begin_array();
    for (std::size_t i = table.first; i < std::min(table.end, processed); ++i) {
      const Get& get = batch.gets[i];
      capacity.of(get.schema->name).add_read(read_units(items[i] ? items[i]->size_bytes() : 0, get.consistency));
      if (!items[i]) continue;
      std::string text;
      append_item(text, *get.shown(*items[i], picked));
      json.raw_value(text);
    }
    json.end_array();
  }
  json.end_object();
  append_unprocessed(batch, processed, json);
  capacity.append_list(json, batch.return_capacity);
  json.end_object();
  return {};
}

}  // namespace

Answer<> begin_batch_get_item(Call& call) {
  const JsonNode& input = *call.input;
  const JsonNode& requested = *input.find("RequestItems");
  BatchGet batch;
  std::size_t count = 0;
  for (const JsonMember& table : requested.members()) count += table.value.find("Keys")->elements().size();
  if (count > batch_gets_max) return validation("Too many items requested for the BatchGetItem call");
  for (const JsonMember& table : requested.members()) QUIPU_CHECK(read_table(table, batch));
  batch.return_capacity = parse_return_capacity(string_member_or(input, "ReturnConsumedCapacity", {}));
  for (const TableGets& table : batch.tables)
    for (std::size_t i = table.first; i < table.end; ++i) QUIPU_CHECK(bind_get(call, table.name, batch.gets[i]));
  return call.run_on_worker([batch = std::move(batch)](Call& on_worker) { return answer(batch, on_worker); });
}

}  // namespace quipu::aws
