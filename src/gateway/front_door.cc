#include "gateway/front_door.h"

#include <array>

#include "gateway/answer.h"
#include "gateway/cross_origin.h"

namespace quipu::gateway {

namespace {

Session& session_of(http::Exchange& exchange) {
  if (!exchange.state) exchange.state = std::make_unique<Session>(exchange);
  return static_cast<Session&>(*exchange.state);
}

// An answer to OPTIONS, or that there is no such method or path.
void respond_without_route(http::Exchange& exchange, std::string_view allowed) {
  if (allowed.empty()) return respond_problem(exchange, 404, "404_not_found");
  if (exchange.request().method() == http::Method::options) return respond_preflight(exchange, allowed);
  const std::array<http::Header, 1> allow{{{"Allow", allowed}}};
  exchange.respond(405, json_type,
                   R"({"error_code":"method_not_allowed","error_description":"the header Allow names those that are"})",
                   allow);
}

}  // namespace

FrontDoor::FrontDoor(FrontDoorParts parts)
    : stores_{parts.stores},
      gate_{parts.ring, parts.keys},
      probes_{std::move(parts.probes)},
      store_{parts.stores, parts.conditional_writes},
      increment_{parts.stores},
      read_{parts.stores},
      set_{parts.stores},
      erase_{parts.stores},
      list_{parts.counters, parts.workers},
      watch_{parts.counters, parts.stores.local()},
      keys_endpoint_{parts.ring, parts.workers},
      plans_{parts.ring, parts.workers},
      plan_usage_{parts.ring, parts.workers},
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
          {http::Method::put, "/keys", Access::admin, keys_endpoint_},
          {http::Method::del, "/keys", Access::admin, keys_endpoint_},
          {http::Method::get, "/plans", Access::admin, plans_},
          {http::Method::put, "/plans", Access::admin, plans_},
          {http::Method::del, "/plans", Access::admin, plans_},
          {http::Method::get, "/plans/usage", Access::admin, plan_usage_},
          {http::Method::get, "/healthz", Access::anyone, health_},
          {http::Method::get, "/readyz", Access::anyone, ready_},
          {http::Method::get, "/metrics", Access::client, metrics_},
          {http::Method::get, "/openapi.json", Access::client, openapi_},
      } {}

void FrontDoor::handle(http::Exchange& exchange) {
  Session& session = session_of(exchange);
  const auto route = let_in(session);
  session.is_counted = false;
  if (!route) return;
  session.endpoint = &route->endpoint;
  route->endpoint.handle(session);
}

void FrontDoor::handle_head(http::Exchange& exchange) {
  Session& session = session_of(exchange);
  session.is_counted = let_in(session).has_value();
}

std::optional<FrontDoor::Route> FrontDoor::let_in(Session& session) {
  auto route = find_route(session.exchange);
  if (route && !admit(session, *route)) route.reset();
  return route;
}

std::optional<FrontDoor::Route> FrontDoor::find_route(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  if (request.method() != http::Method::options) allow_any_origin(exchange);
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
  respond_without_route(exchange, allowed);
  return std::nullopt;
}

bool FrontDoor::admit(Session& session, const Route& route) {
  const bool is_store = &route.endpoint == &store_;
  const auto passage = gate_.admit(session, route.access, is_store ? Refusals::forbidden : Refusals::problem);
  if (passage == Gate::Passage::throttled && is_store)
    if (const auto store = store_.store_of(session.exchange.request().path())) (*store)->figures.throttled.add();
  return passage == Gate::Passage::open;
}

void FrontDoor::resume(http::Exchange& exchange) {
  auto& session = static_cast<Session&>(*exchange.state);
  session.endpoint->resume(session);
}

void FrontDoor::tick(http::Exchange& exchange) {
  auto& session = static_cast<Session&>(*exchange.state);
  if (gate_.still_knows(session)) return session.endpoint->tick(session);
  session.endpoint->closed(session);
  exchange.end_stream();
}

void FrontDoor::closed(http::Exchange& exchange) noexcept {
  auto& session = static_cast<Session&>(*exchange.state);
  session.endpoint->closed(session);
}

}  // namespace quipu::gateway
