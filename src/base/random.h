// Two kinds of chance: unguessable bytes for keys and ids, and a seeded sequence that replays a test run.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace quipu {

// From the kernel; aborts if the kernel has none to give.
std::string secure_random_bytes(std::size_t size);

// SplitMix64: the same seed gives the same numbers on every machine. Not for secrets.
class SeededRandom {
 public:
  using result_type = std::uint64_t;

  explicit SeededRandom(std::uint64_t seed) : state_{seed} {}

  std::uint64_t operator()() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // Uniform enough for tests: 0 .. bound-1; bound must not be 0.
  std::uint64_t below(std::uint64_t bound) { return (*this)() % bound; }

  static constexpr std::uint64_t min() { return 0; }
  static constexpr std::uint64_t max() { return std::numeric_limits<std::uint64_t>::max(); }

 private:
  std::uint64_t state_;
};

}  // namespace quipu
