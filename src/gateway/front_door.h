// Where every request comes in: who asks, what is asked for, may they, and then the endpoint.
#pragma once

#include <string_view>
#include <vector>

#include "base/worker_pool.h"
#include "counter/counter_store.h"
#include "gateway/counter_api.h"
#include "gateway/key_api.h"
#include "gateway/key_ring.h"
#include "gateway/operations_api.h"
#include "gateway/watch_api.h"
#include "http/exchange.h"

namespace quipu::gateway {

enum class Keys : bool { off, required };

class FrontDoor final : public http::Handler {
 public:
  // Everything given here outlives it.
  FrontDoor(counter::CounterStore& counters, KeyRing& ring, WorkerPool& workers, Keys keys, Probes probes);

  void handle(http::Exchange& exchange) override;
  void resume(http::Exchange& exchange) override;
  void tick(http::Exchange& exchange) override;
  void closed(http::Exchange& exchange) noexcept override;
  void end_of_turn() override { counters_.flush(); }

 private:
  enum class Access : std::uint8_t {
    anyone,  // tells nothing that is worth a key
    client,
    admin,
  };
  struct Route {
    http::Method method;
    std::string_view path;
    Access access;
    Endpoint& endpoint;
  };

  const Route* find_route(http::Exchange& exchange) const;  // null: answered
  bool admit(http::Exchange& exchange, Session& session, Access access) const;

  counter::CounterStore& counters_;
  const KeyRing& ring_;
  const Keys keys_;
  const Probes probes_;

  IncrementEndpoint increment_;
  ReadEndpoint read_;
  SetEndpoint set_;
  EraseEndpoint erase_;
  ListEndpoint list_;
  WatchEndpoint watch_;
  KeysEndpoint keys_endpoint_;
  HealthEndpoint health_;
  ReadyEndpoint ready_;
  MetricsEndpoint metrics_;
  OpenApiEndpoint openapi_;
  const std::vector<Route> routes_;
};

}  // namespace quipu::gateway
