// What the gateway keeps with a connection: the buffers of the request under way, used again by the next one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "counter/counter_store.h"
#include "gateway/key_ring.h"
#include "http/exchange.h"

namespace quipu::gateway {

class Session;
class Watch;

// What answers the requests of one route.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual void handle(Session& session) = 0;
  virtual void resume(Session& /*session*/) {}
  virtual void tick(Session& /*session*/) {}
  virtual void closed(Session& /*session*/) noexcept {}
};

class Session final : public http::Exchange::State, public counter::CounterCall::Completion {
 public:
  Session(http::Exchange& exchange_, std::unique_ptr<counter::CounterCall> call_)
      : exchange{exchange_}, call{std::move(call_)} {}

  void completed(counter::CounterCall&) noexcept override { exchange.wake(); }

  http::Exchange& exchange;
  Endpoint* endpoint = nullptr;  // of the request under way
  Caller caller;                 // who asks
  std::unique_ptr<counter::CounterCall> call;
  std::string name;              // scratch: a decoded name
  std::string body;              // the answer under construction; a worker may fill it before it wakes the exchange
  std::optional<Error> failure;  // what a worker says instead
  bool batch = false;            // the increment's answer is an array
  std::shared_ptr<Watch> watch;
};

}  // namespace quipu::gateway
