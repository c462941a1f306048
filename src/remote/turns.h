// Calls that compare and set would only make each other start again: those of this process on one counter take turns.
// Used by several threads at once.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string_view>

#include "base/clock.h"

namespace quipu::remote {

class Turns {
 public:
  // Owns nothing if the time was over first.
  std::unique_lock<std::timed_mutex> take(std::string_view counter, MonotonicTime until) {
    return std::unique_lock{mutexes_[std::hash<std::string_view>{}(counter) % mutexes_.size()], until};
  }

 private:
  std::array<std::timed_mutex, 64> mutexes_;
};

}  // namespace quipu::remote
