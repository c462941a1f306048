// GET /counter/watch: server-sent events with a counter's value now and after every change.
//
//   data: {"counter":"orders","value":7}
//
// Changes that come faster than the peer reads are coalesced: it is told the last one. A comment every few seconds
// shows that the line is alive.
#pragma once

#include <chrono>

#include "counter/counter_store.h"
#include "gateway/session.h"

namespace quipu::gateway {

inline constexpr std::chrono::seconds heart_beat_interval{5};
// A peer that leaves more than this unread is told nothing new until it has read.
inline constexpr std::size_t watch_unsent_bytes_max = 4096;

class WatchEndpoint final : public Endpoint {
 public:
  WatchEndpoint(counter::ListedCounters& counters, Store& local) : counters_{counters}, local_{local} {}
  void handle(Session& session) override;
  void resume(Session& session) override;
  void tick(Session& session) override;
  void closed(Session& session) noexcept override;

 private:
  counter::ListedCounters& counters_;
  Store& local_;
};

}  // namespace quipu::gateway
