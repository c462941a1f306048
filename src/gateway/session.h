// What the gateway keeps with a connection: the buffers of the request under way, used again by the next one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "counter/counter_store.h"
#include "gateway/key_ring.h"
#include "gateway/stores.h"
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
  explicit Session(http::Exchange& exchange_) : exchange{exchange_}, quota_wait{[this] { exchange.wake(); }} {}

  void completed(counter::CounterCall&) noexcept override { exchange.wake(); }

  // The store that `call` is for. Its call is made the first time and kept with the connection.
  void choose(Store& chosen);
  // True: it is complete already. Times the call and counts it among those under way.
  bool start_call();
  // Once it is complete, for the store's figures.
  void note_outcome();

  http::Exchange& exchange;
  Endpoint* endpoint = nullptr;    // of the request under way
  Caller caller;                   // who asks
  std::string shown_key;           // by which the caller is known
  std::uint64_t ring_version = 0;  // of the moment when it was; 0: nobody is
  QuotaWait quota_wait;
  bool is_counted = false;               // the request under way, when its head came before its body
  Store* store = nullptr;                // of the call
  counter::CounterCall* call = nullptr;  // of the request under way
  std::string name;                      // scratch: a decoded name
  std::string body;              // the answer under construction; a worker may fill it before it wakes the exchange
  std::optional<Error> failure;  // what a worker says instead
  int status = 200;              // with which the body goes out
  bool batch = false;            // the increment's answer is an array
  std::shared_ptr<Watch> watch;

 private:
  std::vector<std::unique_ptr<counter::CounterCall>> calls_;  // by the store's index
  MonotonicTime started_;
};

}  // namespace quipu::gateway
