// How long a link tries again where a store has certainly done nothing (a deadlock, a transaction in the way): with
// growing random pauses, until the time is over.
#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "base/random.h"

namespace quipu::remote {

// For a call without a marker. Its counter's others wait behind it, and must not have waited for queue_wait_max when it
// gives up.
inline constexpr std::chrono::milliseconds bare_patience{1'000};

class Patience {
 public:
  explicit Patience(std::chrono::milliseconds total,
                    std::chrono::milliseconds pause_max = std::chrono::milliseconds{128})
      : pause_ms_max_{static_cast<int>(pause_max.count())},
        end_{std::chrono::steady_clock::now() + total},
        random_{static_cast<std::uint64_t>(end_.time_since_epoch().count()) ^ reinterpret_cast<std::uintptr_t>(this)} {}

  MonotonicTime end() const { return end_; }

  // Pauses; false, and at once, if the time is over.
  bool wait() {
    if (std::chrono::steady_clock::now() + std::chrono::milliseconds{longest_ms_} >= end_) return false;
    // Those that were in each other's way must not meet again: nothing tells when the other one is done.
    ::poll(nullptr, 0, 1 + static_cast<int>(random_.below(static_cast<std::uint64_t>(longest_ms_))));
    longest_ms_ = std::min(longest_ms_ * 2, pause_ms_max_);
    return true;
  }

 private:
  int pause_ms_max_;
  MonotonicTime end_;
  SeededRandom random_;
  int longest_ms_ = 4;
};

}  // namespace quipu::remote
