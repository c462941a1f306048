// A token bucket in one atomic number: `burst` requests at once, and one more each `interval`. In any stretch of time t
// there are at most burst + t / interval.
//
// Instead of tokens it keeps the moment when the bucket is full again (the "generic cell rate algorithm"): a request
// moves that moment on by one interval, and may not move it further than burst intervals away from now. So there is
// nothing to refill, and no lock: whoever loses the race to move it looks again.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace quipu::gateway {

struct RateLimit {
  std::int64_t interval_ns = 0;  // 0: no limit
  std::int64_t burst = 0;

  std::int64_t depth_ns() const { return interval_ns * burst; }
};

class Bucket {
 public:
  // 0: the request may go on; else the nanoseconds after which one may. `now_ns` is of a clock that never goes back.
  std::int64_t take(const RateLimit& limit, std::int64_t now_ns) noexcept {
    std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
    for (;;) {
      const std::int64_t next = std::max(full_at, now_ns) + limit.interval_ns;
      if (const std::int64_t excess = next - now_ns - limit.depth_ns(); excess > 0) return excess;
      if (full_at_ns_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return 0;
    }
  }

  // The limit is another one now: a bucket that was emptied under the old one is empty, not in debt.
  void limit_changed(const RateLimit& limit, std::int64_t now_ns) noexcept {
    const std::int64_t furthest = now_ns + limit.depth_ns();
    std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
    while (full_at > furthest && !full_at_ns_.compare_exchange_weak(full_at, furthest, std::memory_order_relaxed)) {
    }
  }

 private:
  std::atomic<std::int64_t> full_at_ns_{0};
};

}  // namespace quipu::gateway
