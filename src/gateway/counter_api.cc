#include "gateway/counter_api.h"

#include <limits>

#include "base/json_writer.h"
#include "gateway/answer.h"
#include "gateway/counter_requests.h"

namespace quipu::gateway {

namespace {

using counter::CallOutcome;
using counter::CounterCall;

// Answers an error, or a request that names no counter. True: go on.
bool usable(http::Exchange& exchange, const Result<Named>& named) {
  if (!named)
    respond_error(exchange, named.error());
  else if (*named == Named::no)
    respond_counter_not_specified(exchange);
  return named && *named == Named::yes;
}

void append_increment(JsonWriter& json, const CounterCall& call, std::size_t index) {
  json.begin_object().member("counter").string(call.name(index));
  json.member("new_value").int64(call.item(index).value).end_object();
}

}  // namespace

void respond_counter_not_specified(http::Exchange& exchange) {
  respond_problem(exchange, 400, "counter_not_specified");
}

void append_counter_value(std::string& out, std::string_view name, std::int64_t value) {
  JsonWriter json{out};
  json.begin_object().member("counter").string(name).member("value").int64(value).end_object();
}

void CounterEndpoint::handle(Session& session) {
  if (!choose_store(session) || !read(session)) return;
  if (session.start_call()) respond(session);
}

bool CounterEndpoint::choose_store(Session& session) {
  const auto name = read_store(session.exchange.request());
  auto store = name ? stores_.find(*name) : std::unexpected{name.error()};
  if (store)
    session.choose(**store);
  else
    respond_error(session.exchange, store.error());
  return store.has_value();
}

void CounterEndpoint::resume(Session& session) {
  respond(session);
}

void CounterEndpoint::respond(Session& session) {
  session.note_outcome();
  if (session.call->outcome() == CallOutcome::done)
    respond_done(session);
  else
    respond_refused(session);
}

Result<> take_idempotency_key(Session& session) {
  QUIPU_TRY(const auto key, read_idempotency_key(session.exchange.request()));
  if (!key) return {};
  // Callers do not see each other's keys. An id holds no NUL.
  std::string scoped = session.caller.id;
  scoped.push_back('\0');
  scoped += *key;
  session.call->make_idempotent(scoped);
  return {};
}

bool CounterEndpoint::read_key(Session& session) {
  const auto taken = take_idempotency_key(session);
  if (!taken) respond_error(session.exchange, taken.error());
  return taken.has_value();
}

void CounterEndpoint::respond_refused(Session& session) {
  const CounterCall& call = *session.call;
  if (call.outcome() == CallOutcome::failed) return respond_error(session.exchange, call.error());

  const std::size_t index = call.failed_index();
  const CounterCall::Item& item = call.item(index);
  session.body.clear();
  JsonWriter json{session.body};
  json.begin_object().member("error_code");
  switch (call.outcome()) {
    case CallOutcome::max_reached:
      // Without a maximum of the caller's it is that of 64 bits.
      json.string("limit_reached").member("counter").string(call.name(index)).member("value").int64(item.value);
      json.member("max").int64(item.max.value_or(std::numeric_limits<std::int64_t>::max()));
      break;
    case CallOutcome::min_reached:
      json.string("limit_reached").member("counter").string(call.name(index)).member("value").int64(item.value);
      json.member("min").int64(item.min.value_or(std::numeric_limits<std::int64_t>::min()));
      break;
    case CallOutcome::value_differs:
      json.string("value_mismatch").member("counter").string(call.name(index)).member("value").int64(item.value);
      json.member("expected").int64(*item.expected);
      break;
    default:
      json.string("not_a_counter").member("counter").string(call.name(index));
      json.member("error_description").string("the item holds something that is not a 64-bit whole number");
      break;
  }
  if (call.size() > 1) json.member("index").uint64(index);
  json.end_object();
  session.exchange.respond(409, json_type, session.body);
}

bool IncrementEndpoint::read(Session& session) {
  const auto request = read_increment(session.exchange.request(), session.name, *session.call);
  if (!request) {
    respond_error(session.exchange, request.error());
    return false;
  }
  if (request->named == Named::no) {
    respond_counter_not_specified(session.exchange);
    return false;
  }
  session.batch = request->batch;
  return read_key(session);
}

void IncrementEndpoint::respond_done(Session& session) {
  const CounterCall& call = *session.call;
  session.body.clear();
  JsonWriter json{session.body};
  if (session.batch) {
    json.begin_array();
    for (std::size_t i = 0; i < call.size(); ++i) append_increment(json, call, i);
    json.end_array();
  } else {
    append_increment(json, call, 0);
  }
  session.exchange.respond(200, json_type, session.body);
}

bool ReadEndpoint::read(Session& session) {
  return usable(session.exchange,
                read_one_counter(session.exchange.request(), counter::CallKind::read, session.name, *session.call));
}

void ReadEndpoint::respond_done(Session& session) {
  session.body.clear();
  append_counter_value(session.body, session.call->name(0), session.call->item(0).value);
  session.exchange.respond(200, json_type, session.body);
}

bool SetEndpoint::read(Session& session) {
  return usable(session.exchange, read_set(session.exchange.request(), session.name, *session.call)) &&
         read_key(session);
}

void SetEndpoint::respond_done(Session& session) {
  session.body.clear();
  append_counter_value(session.body, session.call->name(0), session.call->item(0).value);
  session.exchange.respond(200, json_type, session.body);
}

bool EraseEndpoint::read(Session& session) {
  return usable(session.exchange,
                read_one_counter(session.exchange.request(), counter::CallKind::erase, session.name, *session.call)) &&
         read_key(session);
}

void EraseEndpoint::respond_done(Session& session) {
  session.exchange.respond(204, {}, {});
}

void ListEndpoint::handle(Session& session) {
  auto request = read_list(session.exchange.request());
  if (!request) return respond_error(session.exchange, request.error());
  const bool queued = workers_.submit([this, &session, list = *std::move(request)] {
    auto page = counters_.list(list.prefix, list.after, list.limit);
    if (!page) {
      session.failure = std::move(page).error();
      return session.exchange.wake();
    }
    session.body.clear();
    JsonWriter json{session.body};
    json.begin_object().member("counters").begin_array();
    for (const auto& entry : page->counters)
      json.begin_object().member("counter").string(entry.name).member("value").int64(entry.value).end_object();
    json.end_array().member("next");
    if (page->next)
      json.string(*page->next);
    else
      json.null();
    json.end_object();
    session.exchange.wake();
  });
  if (!queued) respond_error(session.exchange, {ErrorCode::unavailable, "too many lists are being made; retry"});
}

void ListEndpoint::resume(Session& session) {
  if (session.failure) return respond_error(session.exchange, *std::exchange(session.failure, std::nullopt));
  session.exchange.respond(200, json_type, session.body);
}

}  // namespace quipu::gateway
