// Where every request comes in: who asks, what is asked for, may they, and then the endpoint.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/worker_pool.h"
#include "counter/counter_store.h"
#include "gateway/counter_api.h"
#include "gateway/gate.h"
#include "gateway/key_api.h"
#include "gateway/key_ring.h"
#include "gateway/operations_api.h"
#include "gateway/plan_api.h"
#include "gateway/store_api.h"
#include "gateway/stores.h"
#include "gateway/watch_api.h"
#include "http/exchange.h"

namespace quipu::gateway {

// What is behind it; all of it outlives it.
struct FrontDoorParts {
  counter::ListedCounters& counters;  // our own
  Stores& stores;
  KeyRing& ring;
  WorkerPool& workers;
  Keys keys;
  ConditionalWrites conditional_writes;
  Probes probes;
};

class FrontDoor final : public http::Handler {
 public:
  explicit FrontDoor(FrontDoorParts parts);

  void handle(http::Exchange& exchange) override;
  void handle_head(http::Exchange& exchange) override;
  void resume(http::Exchange& exchange) override;
  void tick(http::Exchange& exchange) override;
  void closed(http::Exchange& exchange) noexcept override;
  void end_of_turn() override { stores_.flush(); }

 private:
  struct Route {
    http::Method method;
    std::string_view path;
    Access access;
    Endpoint& endpoint;
  };

  std::optional<Route> let_in(Session& session);              // nothing: answered or postponed
  std::optional<Route> find_route(http::Exchange& exchange);  // nothing: answered
  bool admit(Session& session, const Route& route);

  Stores& stores_;
  const Gate gate_;
  const Probes probes_;

  StoreEndpoint store_;
  IncrementEndpoint increment_;
  ReadEndpoint read_;
  SetEndpoint set_;
  EraseEndpoint erase_;
  ListEndpoint list_;
  WatchEndpoint watch_;
  KeysEndpoint keys_endpoint_;
  PlansEndpoint plans_;
  PlanUsageEndpoint plan_usage_;
  HealthEndpoint health_;
  ReadyEndpoint ready_;
  MetricsEndpoint metrics_;
  OpenApiEndpoint openapi_;
  const std::vector<Route> routes_;
};

}  // namespace quipu::gateway
