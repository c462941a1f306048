// The counter API: POST /counter/increment, GET PUT DELETE /counter, GET /counters.
#pragma once

#include "base/worker_pool.h"
#include "counter/counter_store.h"
#include "gateway/session.h"
#include "gateway/stores.h"

namespace quipu::gateway {

// Requests that are one counter call: read the request, start the call, answer when it is complete. The parameter
// `store` says in which store; without it, in our own.
class CounterEndpoint : public Endpoint {
 public:
  explicit CounterEndpoint(Stores& stores) : stores_{stores} {}
  void handle(Session& session) final;
  void resume(Session& session) final;

 protected:
  ~CounterEndpoint() override = default;
  // Fills session.call. False: the request was answered already, because it cannot be done.
  virtual bool read(Session& session) = 0;
  // The answer of a call whose outcome is done.
  virtual void respond_done(Session& session) = 0;

  static bool read_key(Session& session);  // the idempotency key of a write; false: answered

 private:
  bool choose_store(Session& session);
  void respond(Session& session);
  static void respond_refused(Session& session);

  Stores& stores_;
};

class IncrementEndpoint final : public CounterEndpoint {
 public:
  using CounterEndpoint::CounterEndpoint;

 private:
  bool read(Session& session) override;
  void respond_done(Session& session) override;
};

class ReadEndpoint final : public CounterEndpoint {
 public:
  using CounterEndpoint::CounterEndpoint;

 private:
  bool read(Session& session) override;
  void respond_done(Session& session) override;
};

class SetEndpoint final : public CounterEndpoint {
 public:
  using CounterEndpoint::CounterEndpoint;

 private:
  bool read(Session& session) override;
  void respond_done(Session& session) override;
};

class EraseEndpoint final : public CounterEndpoint {
 public:
  using CounterEndpoint::CounterEndpoint;

 private:
  bool read(Session& session) override;
  void respond_done(Session& session) override;
};

class ListEndpoint final : public Endpoint {
 public:
  ListEndpoint(counter::ListedCounters& counters, WorkerPool& workers) : counters_{counters}, workers_{workers} {}
  void handle(Session& session) override;
  void resume(Session& session) override;

 private:
  counter::ListedCounters& counters_;
  WorkerPool& workers_;
};

// Gives the request's idempotency key, if it has one, to the call.
Result<> take_idempotency_key(Session& session);

// The answer of the contract to a request that names no counter.
void respond_counter_not_specified(http::Exchange& exchange);
// {"counter":NAME,"value":N}
void append_counter_value(std::string& out, std::string_view name, std::int64_t value);

}  // namespace quipu::gateway
