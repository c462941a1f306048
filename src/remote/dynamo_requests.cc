#include "remote/dynamo_requests.h"

#include <limits>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace quipu::remote::dynamo {

namespace {

constexpr std::string_view key_attribute = "id";
constexpr std::string_view value_attribute = "atomic_counter";
constexpr std::string_view hash_attribute = "request_hash";
constexpr std::string_view outcome_attribute = "outcome";
constexpr std::string_view expiry_attribute = "ttl";

void write_string(JsonWriter& json, std::string_view name, std::string_view value) {
  json.member(name).begin_object().member("S").string(value).end_object();
}

void write_number(JsonWriter& json, std::string_view name, std::int64_t value) {
  json.member(name).begin_object().member("N").string(fmt::format("{}", value)).end_object();
}

void write_target(JsonWriter& json, std::string_view table, std::string_view id) {
  json.member("TableName").string(table).member("Key").begin_object();
  write_string(json, key_attribute, id);
  json.end_object();
}

// Everything but the limits of 64 bits comes with the call. A value outside them is none that we could have left, so
// that nothing is added to it.
void write_limit(JsonWriter& json, const RemoteCall::Limit& limit, std::int64_t by) {
  const std::int64_t other =
      limit.up ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  json.member("ConditionExpression");
  json.string(limit.allows_nothing ? "attribute_not_exists(atomic_counter) OR atomic_counter BETWEEN :low AND :high"
                                   : "atomic_counter BETWEEN :low AND :high");
  json.member("ExpressionAttributeValues").begin_object();
  write_number(json, ":by", by);
  write_number(json, ":low", limit.up ? other : limit.bound);
  write_number(json, ":high", limit.up ? limit.bound : other);
  json.end_object();
}

void write_marker(JsonWriter& json, std::string_view table, const RemoteCall& call, std::string_view outcome,
                  std::int64_t expires) {
  json.member("TableName").string(table).member("Item").begin_object();
  write_string(json, key_attribute, marker_id(call));
  write_string(json, hash_attribute, call.request_hash());
  write_string(json, outcome_attribute, outcome);
  write_number(json, expiry_attribute, expires);
  json.end_object().member("ConditionExpression").string("attribute_not_exists(id)");
}

void write_effect(JsonWriter& json, std::string_view table, const RemoteCall& call, const Effect& effect) {
  json.begin_object().member(effect.value ? "Update" : "Delete").begin_object();
  write_target(json, table, call.counter());
  if (effect.value) json.member("UpdateExpression").string("SET atomic_counter = :new");
  const bool compares = effect.depends && effect.found;
  if (effect.depends) {
    json.member("ConditionExpression");
    json.string(compares ? "atomic_counter = :found" : "attribute_not_exists(atomic_counter)");
  }
  if (compares || effect.value) {
    json.member("ExpressionAttributeValues").begin_object();
    if (effect.value) write_number(json, ":new", *effect.value);
    if (compares) write_number(json, ":found", *effect.found);
    json.end_object();
  }
  json.end_object().end_object();
}

// {"N": "7"}; what is of another type has no text.
struct Scalar {
  bool is_number = false;
  bool is_string = false;
  std::string text;
};

Scalar read_scalar(JsonReader& json) {
  Scalar scalar;
  std::string_view type;
  json.begin_object();
  while (json.next_member(type)) {
    std::string_view text;
    scalar.is_number = type == "N";
    scalar.is_string = type == "S";
    if (!scalar.is_number && !scalar.is_string)
      json.skip_value();
    else if (json.read_string(text))
      scalar.text = text;
  }
  return scalar;
}

Item read_attributes(JsonReader& json) {
  Item item{.exists = true};
  std::string_view name;
  json.begin_object();
  while (json.next_member(name)) {
    const std::string attribute{name};
    Scalar scalar = read_scalar(json);
    if (attribute == value_attribute) {
      item.has_counter = true;
      if (scalar.is_number) item.counter = parse_int64(scalar.text);
    } else if (attribute == hash_attribute && scalar.is_string) {
      item.request_hash = std::move(scalar.text);
    } else if (attribute == outcome_attribute && scalar.is_string) {
      item.outcome = std::move(scalar.text);
    }
  }
  return item;
}

}  // namespace

std::string increment_body(std::string_view table, const RemoteCall& call) {
  std::string body;
  JsonWriter json{body};
  json.begin_object();
  write_target(json, table, call.counter());
  json.member("UpdateExpression").string("ADD atomic_counter :by");
  write_limit(json, call.limit(), call.asked().by);
  json.member("ReturnValues").string("UPDATED_NEW");
  json.member("ReturnValuesOnConditionCheckFailure").string("ALL_OLD").end_object();
  return body;
}

std::string set_body(std::string_view table, const RemoteCall& call) {
  std::string body;
  JsonWriter json{body};
  json.begin_object();
  write_target(json, table, call.counter());
  json.member("UpdateExpression").string("SET atomic_counter = :new");
  const auto expected = call.asked().expected;
  if (expected) {
    json.member("ConditionExpression");
    json.string(*expected == 0 ? "attribute_not_exists(atomic_counter) OR atomic_counter = :expected"
                               : "atomic_counter = :expected");
    json.member("ReturnValuesOnConditionCheckFailure").string("ALL_OLD");
  }
  json.member("ExpressionAttributeValues").begin_object();
  write_number(json, ":new", call.asked().value);
  if (expected) write_number(json, ":expected", *expected);
  json.end_object().end_object();
  return body;
}

std::string erase_body(std::string_view table, const RemoteCall& call) {
  std::string body;
  JsonWriter json{body};
  json.begin_object();
  write_target(json, table, call.counter());
  json.end_object();
  return body;
}

std::string read_body(std::string_view table, std::string_view id) {
  std::string body;
  JsonWriter json{body};
  json.begin_object();
  write_target(json, table, id);
  json.member("ConsistentRead").boolean(true).end_object();
  return body;
}

std::string marker_id(const RemoteCall& call) {
  return "quipu-request#" + call.marker();
}

std::string marked_effect_body(std::string_view table, const RemoteCall& call, const Effect& effect,
                               std::string_view outcome, std::string_view token, std::int64_t expires) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().member("ClientRequestToken").string(token).member("TransactItems").begin_array();
  write_effect(json, table, call, effect);
  json.begin_object().member("Put").begin_object();
  write_marker(json, table, call, outcome, expires);
  json.end_object().end_object().end_array().end_object();
  return body;
}

std::string marker_body(std::string_view table, const RemoteCall& call, std::string_view outcome,
                        std::int64_t expires) {
  std::string body;
  JsonWriter json{body};
  json.begin_object();
  write_marker(json, table, call, outcome, expires);
  json.end_object();
  return body;
}

Result<Item> read_item(std::string_view body, std::string_view member) {
  JsonReader json{body};
  Item item;
  std::string_view name;
  json.begin_object();
  while (json.next_member(name)) {
    if (name == member)
      item = read_attributes(json);
    else
      json.skip_value();
  }
  if (!json.finish()) return json.error();
  return item;
}

Refusal read_refusal(std::string_view body) {
  JsonReader json{body};
  Refusal refusal;
  std::string_view name;
  std::string_view text;
  json.begin_object();
  while (json.next_member(name)) {
    const bool is_type = name == "__type";
    if (name == "Item") {
      refusal.item = read_attributes(json);
    } else if ((is_type || name == "message" || name == "Message") && json.peek_type() == JsonType::string) {
      if (json.read_string(text)) (is_type ? refusal.type : refusal.message) = text;
    } else {
      json.skip_value();
    }
  }
  if (!json.finish()) return {};
  refusal.type.erase(0, refusal.type.find('#') + 1);  // npos + 1 is 0
  return refusal;
}

std::string table_body(std::string_view table) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().member("TableName").string(table).end_object();
  return body;
}

std::string create_table_body(std::string_view table) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().member("TableName").string(table).member("BillingMode").string("PAY_PER_REQUEST");
  json.member("AttributeDefinitions").begin_array().begin_object();
  json.member("AttributeName").string(key_attribute).member("AttributeType").string("S").end_object().end_array();
  json.member("KeySchema").begin_array().begin_object();
  json.member("AttributeName").string(key_attribute).member("KeyType").string("HASH").end_object().end_array();
  json.end_object();
  return body;
}

std::string time_to_live_body(std::string_view table) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().member("TableName").string(table).member("TimeToLiveSpecification").begin_object();
  json.member("AttributeName").string(expiry_attribute).member("Enabled").boolean(true).end_object().end_object();
  return body;
}

namespace {

// An array of objects like {"AttributeName": "id", "KeyType": "HASH"}.
struct Pairs {
  std::size_t count = 0;
  bool matches = false;  // one of them is of our key, and has the value asked for
};

Pairs read_pairs(JsonReader& json, std::string_view member, std::string_view value) {
  Pairs pairs;
  json.begin_array();
  while (json.next_element()) {
    ++pairs.count;
    bool is_key = false;
    bool has_value = false;
    std::string_view name;
    std::string_view text;
    json.begin_object();
    while (json.next_member(name)) {
      const bool is_name = name == "AttributeName";
      const bool is_member = name == member;
      if (!json.read_string(text)) break;
      is_key = is_key || (is_name && text == key_attribute);
      has_value = has_value || (is_member && text == value);
    }
    pairs.matches = pairs.matches || (is_key && has_value);
  }
  return pairs;
}

}  // namespace

Result<TableDescription> read_table(std::string_view body, std::string_view member) {
  JsonReader json{body};
  TableDescription table;
  Pairs key;
  Pairs types;
  std::string_view name;
  std::string_view text;
  json.begin_object();
  while (json.next_member(name)) {
    if (name != member) {
      json.skip_value();
      continue;
    }
    json.begin_object();
    while (json.next_member(name)) {
      if (name == "TableStatus") {
        if (json.read_string(text)) table.status = text;
      } else if (name == "KeySchema") {
        key = read_pairs(json, "KeyType", "HASH");
      } else if (name == "AttributeDefinitions") {
        types = read_pairs(json, "AttributeType", "S");
      } else {
        json.skip_value();
      }
    }
  }
  if (!json.finish()) return json.error();
  table.has_key = key.count == 1 && key.matches && types.matches;
  return table;
}

}  // namespace quipu::remote::dynamo
