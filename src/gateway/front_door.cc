#include "gateway/front_door.h"

#include <array>

#include "gateway/answer.h"

namespace quipu::gateway {

namespace {

// The key that a request carries, or nothing: `x-api-key: KEY` or `Authorization: Bearer KEY`.
std::optional<std::string_view> presented_key(const http::Request& request) {
  if (const auto key = request.header("x-api-key")) return key;
  const auto authorization = request.header("authorization");
  constexpr std::string_view scheme = "bearer ";
  if (!authorization || authorization->size() <= scheme.size() ||
      !http::equal_ignoring_case(authorization->substr(0, scheme.size()), scheme))
    return std::nullopt;
  return authorization->substr(scheme.size());
}

}  // namespace

FrontDoor::FrontDoor(FrontDoorParts parts)
    : stores_{parts.stores},
      ring_{parts.ring},
      keys_{parts.keys},
      probes_{std::move(parts.probes)},
      store_{parts.stores, parts.conditional_writes},
      increment_{parts.stores},
      read_{parts.stores},
      set_{parts.stores},
      erase_{parts.stores},
      list_{parts.counters, parts.workers},
      watch_{parts.counters, parts.stores.local()},
      keys_endpoint_{parts.ring, parts.workers},
      ready_{probes_},
      metrics_{probes_},
      routes_{
          {http::Method::post, "/counter/increment", Access::client, increment_},
          {http::Method::get, "/counter", Access::client, read_},
          {http::Method::put, "/counter", Access::client, set_},
          {http::Method::del, "/counter", Access::client, erase_},
          {http::Method::get, "/counters", Access::client, list_},
          {http::Method::get, "/counter/watch", Access::client, watch_},
          {http::Method::get, "/keys", Access::admin, keys_endpoint_},
          {http::Method::post, "/keys", Access::admin, keys_endpoint_},
          {http::Method::del, "/keys", Access::admin, keys_endpoint_},
          {http::Method::get, "/healthz", Access::anyone, health_},
          {http::Method::get, "/readyz", Access::anyone, ready_},
          {http::Method::get, "/metrics", Access::client, metrics_},
          {http::Method::get, "/openapi.json", Access::client, openapi_},
      } {}

void FrontDoor::handle(http::Exchange& exchange) {
  if (!exchange.state) exchange.state = std::make_unique<Session>(exchange);
  auto& session = static_cast<Session&>(*exchange.state);
  const auto route = find_route(exchange);
  if (!route || !admit(exchange, session, route->access)) return;
  session.endpoint = &route->endpoint;
  route->endpoint.handle(session);
}

std::optional<FrontDoor::Route> FrontDoor::find_route(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const http::Method method = request.method() == http::Method::head ? http::Method::get : request.method();
  std::string allowed;
  for (const Route& route : routes_) {
    if (route.path != request.path()) continue;
    if (route.method == method) return route;
    if (!allowed.empty()) allowed += ", ";
    allowed += http::to_string(route.method);
  }
  if (allowed.empty() && store_.takes(request.path())) {
    if (method == http::Method::post) return Route{method, request.path(), Access::client, store_};
    allowed = http::to_string(http::Method::post);
  }
  if (allowed.empty()) {
    respond_problem(exchange, 404, "404_not_found");
  } else {
    const std::array<http::Header, 1> allow{{{"Allow", allowed}}};
    exchange.respond(
        405, json_type,
        R"({"error_code":"method_not_allowed","error_description":"the header Allow names those that are"})", allow);
  }
  return std::nullopt;
}

bool FrontDoor::admit(http::Exchange& exchange, Session& session, Access access) const {
  if (access == Access::anyone || keys_ == Keys::off) return true;
  const auto key = presented_key(exchange.request());
  auto caller = ring_.check(key.value_or(std::string_view{}));
  if (!caller) {
    respond_problem(exchange, 401, "unauthorized",
                    key ? "this key is not known here; it may have been revoked"
                        : "send an API key as x-api-key: KEY or Authorization: Bearer KEY");
    return false;
  }
  session.caller = *std::move(caller);
  if (access == Access::client || session.caller.role == Role::admin) return true;
  respond_problem(exchange, 403, "forbidden", "this needs an admin key");
  return false;
}

void FrontDoor::resume(http::Exchange& exchange) {
  auto& session = static_cast<Session&>(*exchange.state);
  session.endpoint->resume(session);
}

void FrontDoor::tick(http::Exchange& exchange) {
  auto& session = static_cast<Session&>(*exchange.state);
  session.endpoint->tick(session);
}

void FrontDoor::closed(http::Exchange& exchange) noexcept {
  auto& session = static_cast<Session&>(*exchange.state);
  session.endpoint->closed(session);
}

}  // namespace quipu::gateway
