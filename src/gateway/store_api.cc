#include "gateway/store_api.h"

#include <limits>

#include "base/json_writer.h"
#include "base/log.h"
#include "gateway/answer.h"
#include "gateway/counter_api.h"
#include "gateway/counter_requests.h"
#include "gateway/parameters.h"
#include "http/url.h"

namespace quipu::gateway {

namespace {

using counter::CallOutcome;

struct Path {
  std::string_view store;
  std::string_view id;  // not decoded
};

std::optional<Path> split(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return Path{.store = path.substr(0, slash), .id = path.substr(slash + 1)};
}

}  // namespace

bool StoreEndpoint::takes(std::string_view path) const {
  const auto parts = split(path);
  return parts && stores_.knows(parts->store);
}

Result<Store*> StoreEndpoint::store_of(std::string_view path) {
  return stores_.find(split(path)->store);
}

Result<> StoreEndpoint::read(Session& session) {
  const http::Request& request = session.exchange.request();
  const Path path = *split(request.path());
  QUIPU_TRY(Store * store, stores_.find(path.store));
  if (path.id.find('/') != std::string_view::npos)
    return fail(ErrorCode::invalid_argument, "a counter's id has no '/'; write it as %2F");
  session.name.clear();
  if (!http::percent_decode(path.id, session.name))
    return fail(ErrorCode::invalid_argument, "id: a '%' must be followed by two hexadecimal digits");
  if (session.name.empty()) return fail(ErrorCode::invalid_argument, "the path names no counter: /{}/ID", store->name);
  QUIPU_CHECK(check_name("id", session.name));
  QUIPU_CHECK(read_parameters(request.query(), {}));
  session.choose(*store);
  session.call->begin(counter::CallKind::increment);
  counter::CounterCall::Item& item = session.call->add(session.name);
  if (conditional_.on) item.max = conditional_.max;
  return take_idempotency_key(session);
}

void StoreEndpoint::handle(Session& session) {
  if (const auto readable = read(session); !readable) {
    const ErrorCode code = readable.error().code;
    return respond_problem(session.exchange, code == ErrorCode::not_found ? 404 : 400, readable.error().message, false);
  }
  if (session.start_call()) respond(session);
}

void StoreEndpoint::resume(Session& session) {
  respond(session);
}

void StoreEndpoint::respond(Session& session) {
  session.note_outcome();
  const counter::CounterCall& call = *session.call;
  switch (call.outcome()) {
    case CallOutcome::done: {
      session.body.clear();
      JsonWriter json{session.body};
      json.begin_object().member("counter").int64(call.item(0).value);
      json.member("useConditionalWrites").boolean(conditional_.on).end_object();
      return session.exchange.respond(200, json_type, session.body);
    }
    case CallOutcome::max_reached:
    case CallOutcome::min_reached:
    case CallOutcome::value_differs:
      return respond_problem(session.exchange, 409,
                             fmt::format("Counter has reached its maximum value of: {}",
                                         call.item(0).max.value_or(std::numeric_limits<std::int64_t>::max())),
                             true);
    case CallOutcome::not_a_counter:
      return respond_problem(session.exchange, 409, "This id holds something that is not a 64-bit whole number", true);
    case CallOutcome::failed: break;
  }
  const Error& error = call.error();
  switch (error.code) {
    case ErrorCode::conflict: return respond_problem(session.exchange, 409, "Race conditions! Please try again", true);
    case ErrorCode::idempotency_mismatch: return respond_problem(session.exchange, 422, error.message, false);
    case ErrorCode::invalid_argument: return respond_problem(session.exchange, 400, error.message, false);
    default: break;
  }
  log_event(LogLevel::debug, "store_failed", {{"store", session.store->name}, {"because", error.message}});
  respond_problem(session.exchange, 500, "Internal server error", false);
}

void StoreEndpoint::respond_problem(http::Exchange& exchange, int status, std::string_view error,
                                    bool tells_mode) const {
  std::string body;
  JsonWriter json{body};
  json.begin_object().member("error").string(error);
  if (tells_mode) json.member("useConditionalWrites").boolean(conditional_.on);
  json.end_object();
  exchange.respond(status, json_type, body);
}

}  // namespace quipu::gateway
