// One thread's share of the server: its connections, and the turn in which everything that is ready gets on.
//
// A turn: the sockets' events, new connections, wakes, connections that still had work, the handler's end_of_turn()
// (also before the wakes), once in a while the deadlines; then what was closed is destroyed.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/handoff.h"
#include "http/buffers.h"
#include "http/connection.h"
#include "http/exchange.h"
#include "http/poller.h"
#include "http/response.h"
#include "http/server.h"
#include "http/tls.h"

namespace quipu::http {

// What the loops of one server have in common.
struct ServerCommon {
  ServerCommon(const ServerOptions& options, Handler& handler_)
      : limits{options.limits},
        refusal_headers{options.refusal_headers},
        handler{handler_},
        budget{limits.buffered_bytes_max} {}

  const Limits limits;
  const std::span<const Header> refusal_headers;
  Handler& handler;
  ServerFigures figures;
  BufferBudget budget;
  std::atomic<std::size_t> connections{0};
  std::optional<TlsContext> tls;
};

// Who takes new connections (acceptor.h); called on one of the loops.
class ReadyListener {
 public:
  virtual ~ReadyListener() = default;
  virtual void on_ready() = 0;
  virtual void on_sweep() = 0;
  virtual void stop() = 0;
};

class EventLoop {
 public:
  EventLoop(ServerCommon& common, std::size_t index);
  ~EventLoop();

  Result<> open();
  // Until it was stopped and all is finished or given up.
  void run();

  // From any thread. `refused`: tell the peer that there are too many connections, and no more.
  void adopt(Descriptor socket, bool refused);
  // Connections that it has or is about to have.
  std::size_t load() const { return load_.load(std::memory_order_relaxed); }
  void stop(MonotonicTime deadline);
  void deliver(Connection& connection) noexcept;

  // Before run().
  void set_listener(ReadyListener& listener) { listener_ = &listener; }
  Poller& poller() { return poller_; }
  // After run().
  std::size_t given_up() const { return given_up_; }

  // For the connections.
  static constexpr std::size_t receive_bytes = 64_KiB;
  const Limits& limits() const { return common_.limits; }
  std::span<const Header> refusal_headers() const { return common_.refusal_headers; }
  Handler& handler() {
    handler_was_called_ = true;
    return common_.handler;
  }
  ServerFigures& figures() { return common_.figures; }
  BufferBudget& budget() { return common_.budget; }
  std::size_t index() const { return index_; }
  MonotonicTime now() const { return now_; }
  std::string_view date_line() const { return date_.line(); }
  char* receive_buffer() { return receive_buffer_.get(); }
  Request& request() { return request_; }
  bool is_stopping() const { return is_stopping_; }
  void queue(Connection& connection);
  void bury(Connection& connection) { dead_.push_back(&connection); }

  // The connection whose turn it is writes its answers into the loop's one output buffer.
  Connection* current() const { return current_; }
  Connection* set_current(Connection* connection) { return std::exchange(current_, connection); }
  std::string& output() { return output_; }

 private:
  struct Arrival {
    Descriptor socket;
    bool refused;
  };

  void end_turn();
  void take_arrivals();
  void admit(Arrival arrival);
  void note_gone();
  void take_wakes();
  void run_queue();
  void sweep();
  void destroy_dead();
  void start_stopping();
  void give_up();
  int timeout_ms() const;

  ServerCommon& common_;
  const std::size_t index_;
  Poller poller_;
  ReadyListener* listener_ = nullptr;
  std::unique_ptr<char[]> receive_buffer_;
  std::string output_;
  Request request_;
  DateLine date_;
  MonotonicTime now_;
  MonotonicTime next_sweep_;
  MonotonicTime next_tick_;
  std::chrono::milliseconds sweep_interval_;
  Connection* current_ = nullptr;
  bool handler_was_called_ = false;
  bool is_stopping_ = false;
  std::size_t given_up_ = 0;

  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> queue_;
  std::vector<Connection*> running_;
  std::vector<Connection*> dead_;

  std::atomic<std::size_t> load_{0};
  Guarded<std::vector<Arrival>> arrivals_;
  std::atomic<bool> has_arrivals_{false};
  std::atomic<std::int64_t> stop_deadline_{0};  // steady clock ticks; 0: go on
  alignas(64) Handoff<Connection> wakes_;
  std::atomic<int> wakers_{0};  // threads inside deliver(): the loop must not be destroyed under them
};

}  // namespace quipu::http
