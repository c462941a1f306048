#include "torture/load.h"

#include <algorithm>

namespace quipu::torture {

namespace {

constexpr std::chrono::milliseconds drain_max{2'000};
// How long one wait lasts at most, so that a stop is seen soon.
constexpr std::chrono::milliseconds wait_max{100};

}  // namespace

std::int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Load::Load(Workload& workload, std::size_t connections, std::size_t through_proxy, std::uint16_t proxy_port)
    : workload_{workload}, through_proxy_{through_proxy}, proxy_port_{proxy_port}, connections_(connections) {}

Load::Ended Load::run(std::chrono::steady_clock::time_point until, const std::atomic<bool>* stop) {
  for (;;) {
    for (std::size_t i = 0; i < connections_.size(); ++i)
      if (!connections_[i].busy() && !ask(i)) return Ended::cut_off;
    if (workload_.phase_finished()) return Ended::finished;
    if (std::chrono::steady_clock::now() >= until) return Ended::timed_out;
    if (stop != nullptr && stop->load()) return Ended::stopped;
    wait(until);
    for (const auto i : ready_)
      if (!take(i) && !is_proxied(i)) return Ended::cut_off;
  }
}

std::size_t Load::finish(std::chrono::steady_clock::time_point until) {
  std::size_t unanswered = 0;
  while (std::ranges::any_of(connections_, &Connection::busy) && std::chrono::steady_clock::now() < until) {
    wait(until);
    for (const auto i : ready_)
      if (!take(i) && !is_proxied(i)) ++unanswered;
  }
  return unanswered;
}

std::size_t Load::server_gone() {
  std::size_t unanswered = finish(std::chrono::steady_clock::now() + drain_max);
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (connections_[i].busy()) {
      ++unanswered;
      workload_.lost(i);
    }
    connections_[i].close();
  }
  return unanswered;
}

bool Load::ask(std::size_t i) {
  auto& connection = connections_[i];
  if (!workload_.next(i, is_proxied(i), monotonic_ns(), request_)) return true;
  if (!connection.is_open()) {
    auto opened = Connection::open(is_proxied(i) ? proxy_port_ : server_port_);
    if (!opened) {
      workload_.lost(i);
      return is_proxied(i);
    }
    connection = *std::move(opened);
  }
  connection.send(request_);
  return true;
}

void Load::wait(std::chrono::steady_clock::time_point until) {
  ready_.clear();
  polled_.clear();
  polled_connections_.clear();
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (!connections_[i].is_open()) continue;
    const short events = static_cast<short>(connections_[i].wants_to_write() ? POLLIN | POLLOUT : POLLIN);
    polled_.push_back({.fd = connections_[i].descriptor(), .events = events, .revents = 0});
    polled_connections_.push_back(i);
  }
  const auto left = std::clamp<std::chrono::nanoseconds>(until - std::chrono::steady_clock::now(),
                                                         std::chrono::nanoseconds{0}, wait_max);
  const timespec timeout{.tv_sec = 0, .tv_nsec = left.count()};
  if (::ppoll(polled_.data(), polled_.size(), &timeout, nullptr) <= 0) return;
  for (std::size_t i = 0; i < polled_.size(); ++i)
    if (polled_[i].revents != 0) ready_.push_back(polled_connections_[i]);
}

// False if the connection was closed on a request.
bool Load::take(std::size_t i) {
  auto& connection = connections_[i];
  const bool was_busy = connection.busy();
  switch (connection.advance()) {
    case Connection::Progress::waiting: return true;
    case Connection::Progress::answered: workload_.answered(i, connection.answer(), monotonic_ns()); return true;
    case Connection::Progress::closed: break;
  }
  if (!was_busy) return true;
  workload_.lost(i);
  return false;
}

}  // namespace quipu::torture
