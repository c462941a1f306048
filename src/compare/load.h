// A closed loop of clients on one store: each asks again as soon as it is answered, and a millisecond later if the
// store refused it. The same for every store, without HTTP, so that the stores are compared and nothing else.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "counter/counter_store.h"
#include "torture/counter_checker.h"

namespace quipu::compare {

struct LoadOptions {
  std::vector<std::string> counters;  // asked in turn
  unsigned clients = 64;
  std::chrono::milliseconds duration{5'000};
  std::optional<std::uint64_t> calls_max;  // ends it, too
  std::optional<std::int64_t> max;         // increments are conditional
  std::function<void(std::uint64_t done, double seconds)> progress;
};

struct LoadResult {
  // That took effect or may have, in the order of their answers. What was refused is only counted.
  std::vector<torture::Operation> operations;
  std::vector<std::uint32_t> latencies_us;  // of those that were done, ascending
  double seconds = 0;
  std::uint64_t done = 0;
  std::uint64_t limits_reached = 0;
  std::vector<std::uint64_t> limits_reached_of;  // the same by counter
  std::uint64_t conflicts = 0;                   // told to try again; nothing happened
  std::uint64_t failed = 0;                      // nothing happened
  std::uint64_t unknown = 0;                     // nobody knows
  std::string first_error;

  double per_second() const { return seconds == 0 ? 0 : static_cast<double>(done) / seconds; }
  // `share` of them took at most this long: 0.5, 0.99, 0.999.
  std::uint32_t latency_us(double share) const;
};

LoadResult run_load(counter::CounterStore& store, const LoadOptions& options);

// One call, waited for.
struct Answer {
  counter::CallOutcome outcome = counter::CallOutcome::failed;
  std::int64_t value = 0;
  std::optional<Error> error;
};
Answer increment(counter::CounterStore& store, std::string_view counter, std::optional<std::int64_t> max,
                 std::string_view idempotency_key);
Answer read(counter::CounterStore& store, std::string_view counter);
Answer erase(counter::CounterStore& store, std::string_view counter);

}  // namespace quipu::compare
