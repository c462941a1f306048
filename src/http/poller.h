// epoll with a way to wake it from other threads.
//
// Descriptors are registered once, edge-triggered for reading and writing, and never changed again: a steady connection
// costs no epoll_ctl.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <utility>

#include "base/result.h"

namespace quipu::http {

// A file descriptor with an owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_{number} {}
  Descriptor(Descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  ~Descriptor() { close(); }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }
  void close();

 private:
  int number_ = -1;
};

class Poller {
 public:
  static constexpr std::size_t events_max = 256;  // of one wait()

  Result<> open();

  bool add_connection(int descriptor, void* tag);
  // Level-triggered: reported again until everything was accepted.
  bool add_listener(int descriptor, void* tag);
  void remove(int descriptor);

  // Waits, unless `has_work` says that there is something to do already. A wake() that comes after `has_work` was asked
  // ends the wait: both sides first write, then read the other's flag. The tag of a wake is null.
  template <class HasWork>
  std::span<const epoll_event> wait(int timeout_ms, HasWork has_work) {
    if (timeout_ms == 0) return wait_for_events(0);
    asleep_.store(true, std::memory_order_seq_cst);
    if (has_work()) timeout_ms = 0;
    const auto events = wait_for_events(timeout_ms);
    asleep_.store(false, std::memory_order_relaxed);
    return events;
  }

  // From any thread, after the work was queued.
  void wake() noexcept;

 private:
  std::span<const epoll_event> wait_for_events(int timeout_ms);

  Descriptor epoll_;
  Descriptor event_;
  std::array<epoll_event, events_max> events_{};
  alignas(64) std::atomic<bool> asleep_{false};
};

}  // namespace quipu::http
