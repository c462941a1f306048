// So that the links of one store do not spoil each other's tries at one counter: who reads it, decides, and writes it
// back if nobody changed it, has the counter's lane meanwhile. Others may change it all the same, from other programs;
// lanes keep nothing right, they only make it quick.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <string_view>

#include "base/clock.h"

namespace quipu::remote {

struct Lane {
  std::timed_mutex turn;
  std::atomic<int> pressing{0};  // its owner has failed often: single-step increments wait until it is through

  void let_pass(MonotonicTime deadline) {
    if (pressing > 0) const std::unique_lock waited{turn, deadline};
  }
};

class Lanes {
 public:
  Lane& of(std::string_view counter) { return lanes_[std::hash<std::string_view>{}(counter) % lanes_.size()]; }

 private:
  std::array<Lane, 256> lanes_;
};

// Of one who has the turn: from its third failure on, the others are asked to wait.
class Pressing {
 public:
  explicit Pressing(Lane& lane) : lane_{lane} {}
  Pressing(const Pressing&) = delete;
  Pressing& operator=(const Pressing&) = delete;
  ~Pressing() {
    if (failures_ >= failures_borne) --lane_.pressing;
  }
  void failed() {
    if (++failures_ == failures_borne) ++lane_.pressing;
  }

 private:
  static constexpr int failures_borne = 3;
  Lane& lane_;
  int failures_ = 0;
};

}  // namespace quipu::remote
