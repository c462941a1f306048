// BatchWriteItem. All its writes are one transaction, which is more than the service promises, so there is never an
// unprocessed item.
#include <set>

#include "aws/item_operations.h"
#include "aws/item_rules.h"
#include "aws/request_parts.h"
#include "aws/write_answers.h"
#include "aws/write_requests.h"
#include "table/key_codec.h"

namespace quipu::aws {

namespace {

constexpr std::size_t batch_writes_max = 25;

Answer<> read_request(const JsonNode& request, ItemWrite& write) {
  const JsonNode* put = request.find("PutRequest");
  const JsonNode* erase = request.find("DeleteRequest");
  if ((put != nullptr) == (erase != nullptr))
    return validation(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes");
  if (put != nullptr) {
    write.kind = WriteKind::put;
    QUIPU_TRY(write.item, item_member(*put, "Item"));
    if (write.item.size_bytes() > item_bytes_max) return item_too_large();
    return {};
  }
  write.kind = WriteKind::erase;
  QUIPU_TRY(write.key, item_member(*erase, "Key"));
  return {};
}

// A put whose key is wrong is told so in the words for keys, not in PutItem's.
Answer<> bind_request(const Call& call, std::string_view table, ItemWrite& write) {
  QUIPU_CHECK(bind_table(call, table, write));
  if (write.kind == WriteKind::put) QUIPU_CHECK(check_key(*write.schema, key_of(*write.schema, write.item)));
  return bind_item(write);
}

Answer<> check_no_duplicates(const ItemWrites& writes) {
  std::set<std::string> keys;
  for (const ItemWrite& write : writes.all()) {
    std::string key;
    QUIPU_API_CHECK(table::key_codec::append_row_key(key, *write.schema, write.key));
    if (!keys.insert(std::move(key)).second) return validation("Provided list of item keys contains duplicates");
  }
  return {};
}

Answer<> answer_batch(const ItemWrites& writes, std::string& body) {
  for (const ItemWrite& write : writes.all())
    if (write.failure) return std::unexpected(*write.failure);
  body.clear();
  JsonWriter json{body};
  json.begin_object().member("UnprocessedItems").begin_object().end_object();
  if (writes.return_collection_metrics) append_all_collection_metrics(json, writes);
  Capacity capacity;
  if (writes.return_capacity != ReturnCapacity::none) writes.append_capacity(capacity);
  capacity.append_list(json, writes.return_capacity);
  json.end_object();
  return {};
}

}  // namespace

Answer<> begin_batch_write_item(Call& call) {
  const JsonNode& input = *call.input;
  const JsonNode& tables = *input.find("RequestItems");
  std::size_t count = 0;
  for (const JsonMember& table : tables.members()) count += table.value.elements().size();
  if (count > batch_writes_max) return validation("Too many items requested for the BatchWriteItem call");
  std::vector<std::string_view> names;
  for (const JsonMember& table : tables.members())
    for (const JsonNode& request : table.value.elements()) {
      QUIPU_CHECK(read_request(request, call.writes.add()));
      names.push_back(table.name);
    }
  read_answer_options(input, call.writes);
  for (std::size_t i = 0; i < names.size(); ++i) QUIPU_CHECK(bind_request(call, names[i], call.writes.all()[i]));
  QUIPU_CHECK(check_no_duplicates(call.writes));
  return call.commit(answer_batch);
}

}  // namespace quipu::aws
