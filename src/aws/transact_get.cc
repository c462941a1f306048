// TransactGetItems.
#include <set>

#include "aws/attribute_json.h"
#include "aws/gets.h"
#include "aws/item_operations.h"
#include "aws/json_members.h"
#include "aws/request_parts.h"
#include "aws/transact_write.h"

namespace quipu::aws {

namespace {

struct TransactGet {
  std::vector<Get> gets;
  ReturnCapacity return_capacity = ReturnCapacity::none;
};

Answer<> answer(const TransactGet& request, Call& call) {
  QUIPU_TRY(const auto items, read_all(call.context, request.gets));
  std::size_t bytes = 0;
  for (const auto& item : items) bytes += item ? item->size_bytes() : 0;
  if (bytes > transaction_bytes_max) return validation("Collection size of the response exceeds 4 MB");
  Capacity capacity;
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object();
  std::string responses{"["};
  value::Item picked;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Get& get = request.gets[i];
    capacity.of(get.schema->name).add_read(read_units(items[i] ? items[i]->size_bytes() : 0, get.consistency));
    if (i != 0) responses += ',';
    responses += '{';
    if (items[i]) {
      responses += "\"Item\":";
      append_item(responses, *get.shown(*items[i], picked));
    }
    responses += '}';
  }
  responses += ']';
  capacity.append_list(json, request.return_capacity, true);
  json.member("Responses").raw_value(responses);
  json.end_object();
  return {};
}

Answer<> check_no_duplicates(const TransactGet& request) {
  std::set<std::string_view> seen;
  for (const Get& get : request.gets)
    if (!seen.insert(get.row_key).second)
      return validation("Transaction request cannot include multiple operations on one item");
  return {};
}

// What is wrong with a key is told as the reason of its item.
Answer<> bind_all(const Call& call, const std::vector<std::string_view>& tables, std::vector<Get>& gets) {
  std::string codes;
  std::string reasons;
  bool failed = false;
  JsonWriter json{reasons};
  json.begin_array();
  for (std::size_t i = 0; i < gets.size(); ++i) {
    const auto bound = bind_get(call, tables[i], gets[i]);
    if (!bound && bound.error().type != ErrorType::validation) return std::unexpected(bound.error());
    failed = failed || !bound;
    if (i != 0) codes += ", ";
    codes += bound ? "None" : "ValidationError";
    json.begin_object().member("Code").string(bound ? "None" : "ValidationError");
    if (!bound) json.member("Message").string(bound.error().message);
    json.end_object();
  }
  json.end_array();
  if (failed) return transaction_canceled(codes, reasons);
  return {};
}

}  // namespace

Answer<> begin_transact_get_items(Call& call) {
  const JsonNode& input = *call.input;
  TransactGet request;
  std::vector<std::string_view> tables;
  for (const JsonNode& element : input.find("TransactItems")->elements()) {
    const JsonNode& get_input = *element.find("Get");
    Get& get = request.gets.emplace_back();
    QUIPU_TRY(get.projection, read_projection_of(get_input));
    QUIPU_TRY(get.key, item_member(get_input, "Key"));
    get.consistency = Consistency::transactional;
    tables.push_back(string_member_or(get_input, "TableName", {}));
  }
  request.return_capacity = parse_return_capacity(string_member_or(input, "ReturnConsumedCapacity", {}));
  QUIPU_CHECK(bind_all(call, tables, request.gets));
  QUIPU_CHECK(check_no_duplicates(request));
  return call.run_on_worker([request = std::move(request)](Call& on_worker) { return answer(request, on_worker); });
}

}  // namespace quipu::aws
