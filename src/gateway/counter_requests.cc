#include "gateway/counter_requests.h"

#include "base/json_reader.h"
#include "base/text.h"
#include "counter/counter_store.h"
#include "gateway/parameters.h"
#include "gateway/seen.h"
#include "gateway/stores.h"
#include "http/url.h"

namespace quipu::gateway {

namespace {

constexpr std::size_t list_limit_default = 100;
constexpr std::string_view counter_parameter = "counter";
constexpr std::string_view store_parameter = "store";

Result<> check_step(std::int64_t by) {
  if (by == 0) return fail(ErrorCode::invalid_argument, "by must be a whole number other than 0");
  return {};
}

bool read_bound(JsonReader& json, std::optional<std::int64_t>& bound) {
  return json.read_int64(bound.emplace());
}

struct IncrementMember {
  std::string_view counter;
  std::int64_t by = 1;
  std::optional<std::int64_t> max;
  std::optional<std::int64_t> min;
};

bool read_increment_member(JsonReader& json, IncrementMember& increment) {
  Seen seen;
  std::string_view name;
  if (!json.begin_object()) return false;
  while (json.next_member(name)) {
    const unsigned member = name == "counter" ? 0 : name == "by" ? 1 : name == "max" ? 2 : name == "min" ? 3 : 4;
    if (member == 4) return json.fail("expected one of the members counter, by, max, min");
    if (!seen.first_time(member, json)) return false;
    switch (member) {
      case 0: json.read_string(increment.counter); break;
      case 1: json.read_int64(increment.by); break;
      case 2: read_bound(json, increment.max); break;
      default: read_bound(json, increment.min); break;
    }
  }
  return !json.failed();
}

}  // namespace

Result<std::string> read_store(const http::Request& request) {
  http::QueryReader reader{request.query()};
  std::string_view name;
  std::string_view value;
  std::string store{Stores::local_name};
  while (reader.next(name, value)) {
    if (name != store_parameter) continue;
    store.clear();
    if (!http::decode_query(value, store))
      return fail(ErrorCode::invalid_argument, "store: a '%' must be followed by two hexadecimal digits");
  }
  return store;
}

Result<> read_increment_array(std::string_view body, counter::CounterCall& call) {
  JsonReader json{body};
  json.begin_array();
  while (json.next_element()) {
    if (call.size() == counter::increments_max)
      return fail(ErrorCode::too_large, "one request may carry at most {} increments", counter::increments_max);
    IncrementMember increment;
    if (!read_increment_member(json, increment)) break;
    if (increment.counter.empty()) {
      json.fail("expected an object with a member counter that is not empty");
      break;
    }
    QUIPU_CHECK(check_name("counter", increment.counter));
    QUIPU_CHECK(check_step(increment.by));
    counter::CounterCall::Item& item = call.add(increment.counter);
    item.by = increment.by;
    item.max = increment.max;
    item.min = increment.min;
  }
  if (!json.finish())
    return fail(ErrorCode::invalid_argument, "the body is no array of increments: {}", json.error_message());
  if (call.size() == 0) return fail(ErrorCode::invalid_argument, "the body is an empty array; it needs an increment");
  return {};
}

Result<IncrementRequest> read_increment(const http::Request& request, std::string& scratch,
                                        counter::CounterCall& call) {
  call.begin(counter::CallKind::increment);
  std::optional<std::string_view> name, by, max, min, store;
  QUIPU_CHECK(read_parameters(
      request.query(), {{counter_parameter, name}, {"by", by}, {"max", max}, {"min", min}, {store_parameter, store}}));
  if (!name && !by && !max && !min && !request.body().empty()) {
    QUIPU_CHECK(read_increment_array(request.body(), call));
    return IncrementRequest{.batch = true};
  }
  if (!name || name->empty()) return IncrementRequest{.named = Named::no};
  QUIPU_CHECK(decode_name(counter_parameter, *name, scratch));
  counter::CounterCall::Item& item = call.add(scratch);
  if (by) {
    QUIPU_TRY(item.by, parse_integer("by", *by));
    QUIPU_CHECK(check_step(item.by));
  }
  if (max) {
    QUIPU_TRY(item.max, parse_integer("max", *max));
  }
  if (min) {
    QUIPU_TRY(item.min, parse_integer("min", *min));
  }
  return IncrementRequest{};
}

Result<Named> read_one_counter(const http::Request& request, counter::CallKind kind, std::string& scratch,
                               counter::CounterCall& call) {
  call.begin(kind);
  std::optional<std::string_view> name, store;
  QUIPU_CHECK(read_parameters(request.query(), {{counter_parameter, name}, {store_parameter, store}}));
  if (!name || name->empty()) return Named::no;
  QUIPU_CHECK(decode_name(counter_parameter, *name, scratch));
  call.add(scratch);
  return Named::yes;
}

Result<SetBody> read_set_body(std::string_view body) {
  JsonReader json{body};
  Seen seen;
  SetBody set;
  bool has_value = false;
  std::string_view name;
  json.begin_object();
  while (json.next_member(name)) {
    if (name == "value") {
      seen.first_time(0, json);
      has_value = json.read_int64(set.value);
    } else if (name == "expected") {
      seen.first_time(1, json);
      read_bound(json, set.expected);
    } else {
      json.fail("expected one of the members value, expected");
    }
  }
  if (!json.finish())
    return fail(ErrorCode::invalid_argument,
                "the body must look like {{\"value\":10}} or {{\"value\":10,\"expected\":9}}: {}",
                json.error_message());
  if (!has_value)
    return fail(ErrorCode::invalid_argument, "the body has no member value; it must look like {{\"value\":10}}");
  return set;
}

Result<Named> read_set(const http::Request& request, std::string& scratch, counter::CounterCall& call) {
  QUIPU_TRY(const Named named, read_one_counter(request, counter::CallKind::set, scratch, call));
  if (named == Named::no) return named;
  QUIPU_TRY(const SetBody body, read_set_body(request.body()));
  call.set_wanted(body.value, body.expected);
  return named;
}

Result<ListRequest> read_list(const http::Request& request) {
  std::optional<std::string_view> prefix, limit, after;
  QUIPU_CHECK(read_parameters(request.query(), {{"prefix", prefix}, {"limit", limit}, {"after", after}}));
  ListRequest list{.limit = list_limit_default};
  if (prefix) QUIPU_CHECK(decode_name("prefix", *prefix, list.prefix));
  if (after) QUIPU_CHECK(decode_name("after", *after, list.after, counter::page_next_bytes_max));
  if (limit) {
    QUIPU_TRY(const std::int64_t count, parse_integer("limit", *limit));
    if (count < 1 || count > static_cast<std::int64_t>(counter::page_counters_max))
      return fail(ErrorCode::invalid_argument, "limit must be from 1 to {}", counter::page_counters_max);
    list.limit = static_cast<std::size_t>(count);
  }
  return list;
}

Result<std::optional<std::string_view>> read_idempotency_key(const http::Request& request) {
  std::optional<std::string_view> key;
  for (const http::Header& header : request.headers()) {
    if (!http::equal_ignoring_case(header.name, "idempotency-key")) continue;
    if (key) return fail(ErrorCode::invalid_argument, "the header Idempotency-Key is given twice");
    key = header.value;
  }
  if (key && (key->empty() || key->size() > counter::idempotency_key_bytes_max))
    return fail(ErrorCode::invalid_argument, "Idempotency-Key must have 1 to {} bytes",
                counter::idempotency_key_bytes_max);
  return key;
}

}  // namespace quipu::gateway
