// The HTTP/1.1 server: a few event loops, each on its own thread with its own connections.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/metrics.h"
#include "base/result.h"
#include "http/exchange.h"
#include "http/limits.h"

namespace quipu::http {

inline constexpr unsigned loops_max = 64;

struct TlsFiles {
  std::filesystem::path certificate;  // PEM, with the chain
  std::filesystem::path key;          // PEM
};

struct ServerOptions {
  std::string host = "127.0.0.1";  // a numeric address or a name
  std::uint16_t port = 0;          // 0: one that is free
  unsigned loops = 1;              // to loops_max
  Limits limits = {};
  std::optional<TlsFiles> tls = {};
  // Of every answer that the server itself gives to what it refuses. What they point to outlives the server.
  std::span<const Header> refusal_headers = {};
};

struct ServerFigures {
  std::array<Counter, 5> answers;  // by status class: [0] is 1xx .. [4] is 5xx
  Histogram latency_microseconds;  // from the turn in which a request was read to its answer
  Counter connections_accepted;
  Counter connections_closed;   // open = accepted - closed
  Counter connections_refused;  // over connections_max, or no descriptor left
  Counter received_bytes;
  Counter sent_bytes;
  Counter requests_refused;  // by the server itself: malformed, over a limit
  Counter deadlines_missed;  // slow headers, bodies or readers
  Counter streams_opened;
  Counter streams_closed;
};

class Server {
 public:
  // Bound and listening when it returns. The handler outlives the server.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options, Handler& handler);
  // Stops, if that was not done yet. Whoever may still call wake() must have come to an end before: that can only be so
  // if stop() ran into its deadline.
  ~Server();

  std::uint16_t port() const;
  // Takes no new connections and requests, finishes what is in flight, ends the streams, then ends the loops. Exchanges
  // that nobody answers before the deadline are given up. True if there were none.
  bool stop(std::chrono::milliseconds deadline = std::chrono::seconds{10});
  const ServerFigures& figures() const;
  std::size_t buffered_bytes() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace quipu::http
