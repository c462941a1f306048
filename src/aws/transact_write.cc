// TransactWriteItems, and what ExecuteTransaction shares with it: all or nothing, and why not, for each item.
#include "aws/transact_write.h"
#include "table/key_codec.h"

#include <set>

#include "aws/attribute_json.h"
#include "aws/item_operations.h"
#include "aws/item_rules.h"
#include "aws/json_members.h"
#include "aws/request_parts.h"
#include "aws/write_answers.h"
#include "aws/write_requests.h"

namespace quipu::aws {

namespace {

struct Action {
  std::string_view name;
  Answer<> (*read)(const JsonNode& input, ItemWrite& write);
};

constexpr auto actions = std::to_array<Action>({
    {"ConditionCheck", read_condition_check},
    {"Put", read_put},
    {"Delete", read_delete},
    {"Update", read_update},
});

Answer<std::string_view> read_action(const JsonNode& element, ItemWrite& write) {
  const JsonNode* input = nullptr;
  const Action* chosen = nullptr;
  for (const Action& action : actions) {
    const JsonNode* found = element.find(action.name);
    if (found == nullptr) continue;
    if (input != nullptr) return validation("TransactItems can only contain one of Check, Put, Update or Delete");
    input = found;
    chosen = &action;
  }
  if (input == nullptr)
    return validation("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request");
  QUIPU_CHECK(chosen->read(*input, write));
  return string_member_or(*input, "TableName", {});
}

constexpr std::string_view no_key_value = "One or more parameter values are not valid.";

std::string_view code_of(const ItemWrite& write) {
  if (!write.failure) return "None";
  switch (write.failure->type) {
    case ErrorType::conditional_check_failed: return "ConditionalCheckFailed";
    case ErrorType::duplicate_item: return "DuplicateItem";
    default: return "ValidationError";
  }
}

std::unexpected<ApiError> canceled(const ItemWrites& writes) {
  std::string codes;
  std::string reasons;
  JsonWriter json{reasons};
  json.begin_array();
  for (const ItemWrite& write : writes.all()) {
    if (!codes.empty()) codes += ", ";
    codes += code_of(write);
    json.begin_object();
    if (write.failure && write.failure->extra_json.starts_with("\"Item\":"))
      json.member("Item").raw_value(std::string_view{write.failure->extra_json}.substr(7));
    json.member("Code").string(code_of(write));
    if (write.failure) json.member("Message").string(write.failure->message);
    json.end_object();
  }
  json.end_array();
  return transaction_canceled(codes, reasons);
}

Answer<> answer_transaction(const ItemWrites& writes, std::string& body) {
  if (writes.any_failed()) return canceled(writes);
  body.clear();
  JsonWriter json{body};
  json.begin_object();
  Capacity capacity;
  if (writes.return_capacity != ReturnCapacity::none) writes.append_capacity(capacity);
  capacity.append_list(json, writes.return_capacity, true);
  if (writes.return_collection_metrics) append_all_collection_metrics(json, writes);
  json.end_object();
  return {};
}

}  // namespace

Answer<> check_transaction(const ItemWrites& writes) {
  std::set<std::string> keys;
  std::size_t bytes = 0;
  for (const ItemWrite& write : writes.all()) {
    std::string key;
    QUIPU_API_CHECK(table::key_codec::append_row_key(key, *write.schema, write.key));
    if (!keys.insert(std::move(key)).second)
      return validation("Transaction request cannot include multiple operations on one item");
    bytes += write.key.size_bytes() + write.item.size_bytes();
  }
  if (bytes > transaction_bytes_max) return validation("Transaction request cannot exceed 4 MB");
  return {};
}

Answer<> commit_transaction(Call& call, std::string_view token, ItemWrites::MakeAnswer make_answer) {
  QUIPU_CHECK(check_transaction(call.writes));
  call.writes.decide_each();
  call.writes.transactional = true;
  if (!token.empty()) call.remember_token(token);
  return call.commit(make_answer);
}

std::unexpected<ApiError> transaction_failure(const ItemWrites& writes) {
  return canceled(writes);
}

Answer<> begin_transact_write_items(Call& call) {
  const JsonNode& input = *call.input;
  std::vector<std::string_view> names;
  for (const JsonNode& element : input.find("TransactItems")->elements()) {
    QUIPU_TRY(const std::string_view name, read_action(element, call.writes.add()));
    names.push_back(name);
  }
  read_answer_options(input, call.writes);
  for (std::size_t i = 0; i < names.size(); ++i) QUIPU_CHECK(bind_table(call, names[i], call.writes.all()[i]));
  for (ItemWrite& write : call.writes.all()) {
    auto bound = bind_item(write);
    // What no table could take refuses the request; what this table does not take is the item's own reason.
    if (!bound && bound.error().message.starts_with(no_key_value)) return std::unexpected(std::move(bound).error());
    if (!bound) write.failure = std::move(bound).error();
  }
  if (call.writes.any_failed()) return canceled(call.writes);
  return commit_transaction(call, string_member_or(input, "ClientRequestToken", {}), answer_transaction);
}

}  // namespace quipu::aws
