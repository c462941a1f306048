// Time enters by interface, so that tests control it. Durations are measured with the monotonic clock; wall time is for
// what people and other machines see, and for expiry that must survive a restart.
#pragma once

#include <chrono>
#include <cstdint>

namespace quipu {

using MonotonicTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime now() const { return std::chrono::steady_clock::now(); }
  virtual std::int64_t wall_ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace quipu
