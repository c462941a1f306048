// Carries the workload's requests over a crowd of connections, all driven by the calling thread.
#pragma once

#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "torture/connection.h"
#include "torture/workload.h"

namespace quipu::torture {

// Nanoseconds of the clock that all histories use.
std::int64_t monotonic_ns();

class Load {
 public:
  // The last `through_proxy` of the connections go to `proxy_port`.
  Load(Workload& workload, std::size_t connections, std::size_t through_proxy, std::uint16_t proxy_port);

  // From now on the server is there; connections are opened when they are needed.
  void aim_at(std::uint16_t server_port) { server_port_ = server_port; }

  enum class Ended : std::uint8_t {
    finished,  // the phase is done
    timed_out,
    stopped,  // `stop` was set
    cut_off,  // the server closed a connection that it owed an answer, or takes no new ones
  };
  Ended run(std::chrono::steady_clock::time_point until, const std::atomic<bool>* stop);

  // Asks nothing new and takes the answers that still come, until all have or `until`. How many were cut off instead;
  // those through the proxy are not counted, as it cuts off by itself.
  std::size_t finish(std::chrono::steady_clock::time_point until);

  // The server is gone: takes what arrived before, gives up the rest. How many operations were interrupted.
  std::size_t server_gone();

 private:
  bool is_proxied(std::size_t connection) const { return connection >= connections_.size() - through_proxy_; }
  bool ask(std::size_t connection);
  void wait(std::chrono::steady_clock::time_point until);
  bool take(std::size_t connection);

  Workload& workload_;
  const std::size_t through_proxy_;
  const std::uint16_t proxy_port_;
  std::uint16_t server_port_ = 0;
  std::vector<Connection> connections_;

  // Of one wait, kept for their memory.
  std::vector<std::size_t> ready_;
  std::vector<pollfd> polled_;
  std::vector<std::size_t> polled_connections_;
  std::string request_;
};

}  // namespace quipu::torture
