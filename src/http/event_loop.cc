#include "http/event_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include "base/log.h"

namespace quipu::http {
namespace {

using std::chrono::milliseconds;

// The deadlines are looked at about once a second; more often only if they are short.
constexpr milliseconds sweep_interval_max{1'000};
constexpr milliseconds sweep_interval_min{10};
constexpr int sweeps_per_deadline = 4;
// What a burst of large answers has left is given back.
constexpr std::size_t output_capacity_kept_bytes = 1_MiB;
// Peers that were refused and are waited for, beyond connections_max.
constexpr std::size_t refused_connections_max = 256;

milliseconds sweep_interval(const Limits& limits) {
  const milliseconds shortest =
      std::min({limits.header_deadline, limits.body_grace, limits.idle_deadline, limits.write_deadline,
                limits.linger_deadline, limits.stream_tick_interval * sweeps_per_deadline});
  return std::clamp(shortest / sweeps_per_deadline, sweep_interval_min, sweep_interval_max);
}

}  // namespace

EventLoop::EventLoop(ServerCommon& common, std::size_t index)
    : common_{common},
      index_{index},
      receive_buffer_{std::make_unique_for_overwrite<char[]>(receive_bytes)},
      now_{std::chrono::steady_clock::now()},
      next_sweep_{now_},
      next_tick_{now_ + common.limits.stream_tick_interval},
      sweep_interval_{sweep_interval(common.limits)} {}

EventLoop::~EventLoop() {
  while (wakers_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
}

Result<> EventLoop::open() {
  return poller_.open();
}

void EventLoop::adopt(Descriptor socket, bool refused) {
  load_.fetch_add(1, std::memory_order_relaxed);
  arrivals_.with([&](auto& arrivals) { arrivals.push_back({std::move(socket), refused}); });
  has_arrivals_.store(true, std::memory_order_seq_cst);
  poller_.wake();
}

void EventLoop::stop(MonotonicTime deadline) {
  stop_deadline_.store(deadline.time_since_epoch().count(), std::memory_order_seq_cst);
  poller_.wake();
}

void EventLoop::deliver(Connection& connection) noexcept {
  wakers_.fetch_add(1, std::memory_order_acquire);
  // From the push on the connection may be gone.
  if (wakes_.push(connection)) poller_.wake();
  wakers_.fetch_sub(1, std::memory_order_release);
}

void EventLoop::queue(Connection& connection) {
  if (std::exchange(connection.is_queued, true)) return;
  queue_.push_back(&connection);
}

int EventLoop::timeout_ms() const {
  if (!queue_.empty()) return 0;
  const auto left = std::chrono::duration_cast<milliseconds>(next_sweep_ - now_).count();
  return static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, sweep_interval_max.count()));
}

void EventLoop::run() {
  for (;;) {
    const auto events = poller_.wait(timeout_ms(), [this] {
      return !wakes_.empty() || has_arrivals_.load(std::memory_order_seq_cst) ||
             (!is_stopping_ && stop_deadline_.load(std::memory_order_seq_cst) != 0);
    });
    now_ = std::chrono::steady_clock::now();
    date_.refresh(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
    for (const epoll_event& event : events) {
      if (event.data.ptr == nullptr) continue;  // a wake
      if (event.data.ptr == listener_) {
        listener_->on_ready();
      } else {
        static_cast<Connection*>(event.data.ptr)->on_events(event.events);
      }
    }
    // What was read goes on its way before answers are written: whoever it is for may have nothing else to do.
    end_turn();
    take_arrivals();
    take_wakes();
    run_queue();
    if (!is_stopping_ && stop_deadline_.load(std::memory_order_acquire) != 0) start_stopping();
    if (now_ >= next_sweep_) sweep();
    end_turn();
    destroy_dead();
    if (!is_stopping_) continue;
    if (now_.time_since_epoch().count() >= stop_deadline_.load(std::memory_order_acquire)) give_up();
    if (connections_.size() == given_up_ && dead_.empty()) return;
  }
}

void EventLoop::end_turn() {
  if (std::exchange(handler_was_called_, false)) common_.handler.end_of_turn();
}

void EventLoop::take_arrivals() {
  if (!has_arrivals_.load(std::memory_order_relaxed)) return;
  has_arrivals_.store(false, std::memory_order_seq_cst);
  std::vector<Arrival> arrivals;
  arrivals_.with([&](auto& waiting) { arrivals.swap(waiting); });
  for (Arrival& arrival : arrivals) admit(std::move(arrival));
}

void EventLoop::admit(Arrival arrival) {
  const bool is_over = arrival.refused && common_.connections.load(std::memory_order_relaxed) >
                                              common_.limits.connections_max + refused_connections_max;
  std::unique_ptr<TlsSession> tls;
  if (common_.tls && !arrival.refused) tls = common_.tls->accept(arrival.socket.number());
  const bool has_tls = !common_.tls || tls;  // a refusal in plain text would be noise to a TLS peer
  if (is_stopping_ || is_over || !has_tls) {
    common_.figures.connections_closed.add();
    note_gone();
    return;
  }
  const int number = arrival.socket.number();
  const int on = 1;
  setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto connection = std::make_unique<Connection>(*this, std::move(arrival.socket), std::move(tls));
  if (!poller_.add_connection(number, connection.get())) {
    log_warning("connection_not_registered", {{"descriptor", number}});
    common_.figures.connections_closed.add();
    note_gone();
    return;
  }
  connection->index = connections_.size();
  connections_.push_back(std::move(connection));
  if (arrival.refused) {
    connections_.back()->refuse(Refusal::too_many_connections);
    connections_.back()->advance();
  }
}

void EventLoop::note_gone() {
  load_.fetch_sub(1, std::memory_order_relaxed);
  common_.connections.fetch_sub(1, std::memory_order_relaxed);
}

void EventLoop::take_wakes() {
  Connection* connection = wakes_.take();
  while (connection != nullptr) {
    Connection* const next = connection->handoff.next;  // on_wake() makes the link free for the next wake
    connection->on_wake();
    connection = next;
  }
}

void EventLoop::run_queue() {
  running_.swap(queue_);
  for (Connection* connection : running_) {
    connection->is_queued = false;
    connection->advance();
  }
  running_.clear();
}

void EventLoop::sweep() {
  next_sweep_ = now_ + sweep_interval_;
  if (listener_ != nullptr) listener_->on_sweep();
  const bool ticks = now_ >= next_tick_;
  if (ticks) next_tick_ = now_ + common_.limits.stream_tick_interval;
  for (const auto& connection : connections_) {
    if (ticks) connection->tick();
    connection->check_deadlines(now_);
  }
  if (output_.empty() && output_.capacity() > output_capacity_kept_bytes) output_.shrink_to_fit();
}

// A closed connection that is still in a queue is destroyed when it comes out of it.
void EventLoop::destroy_dead() {
  std::erase_if(dead_, [this](Connection* connection) {
    if (connection->is_queued || connection->is_wake_under_way()) return false;
    const std::size_t index = connection->index;
    std::swap(connections_[index], connections_.back());
    connections_[index]->index = index;
    connections_.pop_back();
    note_gone();
    return true;
  });
}

void EventLoop::start_stopping() {
  is_stopping_ = true;
  if (listener_ != nullptr) listener_->stop();
  for (const auto& connection : connections_) connection->stop();
}

void EventLoop::give_up() {
  given_up_ = 0;
  for (const auto& connection : connections_) {
    connection->give_up();
    if (connection->is_waiting()) ++given_up_;
  }
  destroy_dead();
}

}  // namespace quipu::http
