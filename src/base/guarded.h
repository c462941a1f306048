// A lock and what it guards are one object, so that nothing is reached without it.
#pragma once

#include <mutex>
#include <utility>

namespace quipu {

template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_{std::move(value)} {}

  // Never return a reference to the guarded value from `use`.
  auto with(auto&& use) {
    const std::scoped_lock lock{mutex_};
    return use(value_);
  }
  auto with(auto&& use) const {
    const std::scoped_lock lock{mutex_};
    return use(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace quipu
