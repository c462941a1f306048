// The bodies of the requests to DynamoDB that counters need, and what is read from its answers.
//
// A counter is the item {"id": {"S": NAME}, "atomic_counter": {"N": VALUE}}; an item without atomic_counter counts as
// 0. A marker is {"id": {"S": "quipu-request#MARKER"}, "request_hash": {"S"}, "outcome": {"S"}, "ttl": {"N"}}.
// docs/formats/store-dynamo.md describes both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "remote/remote_call.h"

namespace quipu::remote::dynamo {

// An item as an answer shows it; of its attributes those that are ours.
struct Item {
  bool exists = false;
  bool has_counter = false;             // the attribute atomic_counter, whatever it holds
  std::optional<std::int64_t> counter;  // it is a whole number of 64 bits
  std::string request_hash;
  std::string outcome;

  // What it counts; nothing if it is no counter.
  std::optional<std::int64_t> value() const { return has_counter ? counter : std::optional<std::int64_t>{0}; }
};

// What an answer with a status other than 200 says.
struct Refusal {
  std::string type;  // without its namespace: ConditionalCheckFailedException
  std::string message;
  std::optional<Item> item;  // what ReturnValuesOnConditionCheckFailure asked for
};

// One UpdateItem that adds if the limits allow it, and answers the new value.
std::string increment_body(std::string_view table, const RemoteCall& call);
std::string set_body(std::string_view table, const RemoteCall& call);
std::string erase_body(std::string_view table, const RemoteCall& call);
std::string read_body(std::string_view table, std::string_view id);

std::string marker_id(const RemoteCall& call);
// What a call with a marker does to the counter; that and the marker together, or neither.
struct Effect {
  bool depends = false;               // on `found`: if the counter has changed since, nothing happens
  std::optional<std::int64_t> found;  // nothing: no attribute atomic_counter
  std::optional<std::int64_t> value;  // to set; nothing: the item goes
};
std::string marked_effect_body(std::string_view table, const RemoteCall& call, const Effect& effect,
                               std::string_view outcome, std::string_view token, std::int64_t expires);
// Of a call that changes nothing.
std::string marker_body(std::string_view table, const RemoteCall& call, std::string_view outcome, std::int64_t expires);

// The item under `member` of an answer: "Attributes" or "Item". Nothing there: an item that does not exist.
Result<Item> read_item(std::string_view body, std::string_view member);
// Answers that are no JSON have no type.
Refusal read_refusal(std::string_view body);

// {"TableName": TABLE}
std::string table_body(std::string_view table);
std::string create_table_body(std::string_view table);
std::string time_to_live_body(std::string_view table);

struct TableDescription {
  std::string status;
  bool has_key = false;  // `id`, a string, and nothing else
};
Result<TableDescription> read_table(std::string_view body, std::string_view member);

}  // namespace quipu::remote::dynamo
