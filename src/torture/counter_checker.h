// The exact judge of counter histories: were all answers those of one counter that counts up by a fixed step, one
// operation after the other, where an operation takes effect between its start and its answer?
//
// Every increment's value fixes its place in that order, so the question needs no search: sort by value, then
//   - no value twice, none off the step's grid, none that more increments than were sent would be needed for;
//   - nothing returned before something that stands earlier in the order began (running maximum of the starts);
//   - a value that nobody was given is explained by a lost increment of its own: one that began before everything
//     later in the order returned, and that could still take effect when everything earlier had begun.
// A read that saw V stands between V and the next value, and is held to the same rules. The verdict is exact, not a
// heuristic: what passes has a legal order, what fails has none. Cost: n log n. The second, independent checker is
// test/counter_checker.py; test/test_checkers_agree.py holds them against each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quipu::torture {

enum class OperationKind : std::uint8_t { increment, read };

enum class Outcome : std::uint8_t {
  acked,          // answered, with a value
  indeterminate,  // sent, the answer is lost: it may have taken effect or not, once at most
  failed,         // refused: it had no effect
};

// Times are nanoseconds of one monotonic clock.
struct Operation {
  static constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

  std::int64_t invoke_ns = 0;
  // When its answer came. Of an indeterminate operation: when it could take effect at the latest, for instance the end
  // of the server process it was sent to.
  std::int64_t return_ns = never_ns;
  std::int64_t value = 0;     // only if acked: the new value of an increment, the value that a read saw
  std::uint32_t counter = 0;  // index into the CounterRules
  OperationKind kind = OperationKind::increment;
  Outcome outcome = Outcome::acked;
};

struct CounterRules {
  std::string name;
  std::int64_t start = 0;
  std::int64_t step = 1;  // not 0; may be negative
};

struct Violation {
  std::string counter;
  std::string what;                   // a sentence with the values in it
  std::vector<Operation> operations;  // the ones that contradict each other, as far as there are any
};

std::string to_string(const Operation& operation);
std::string to_string(const Violation& violation);

struct CheckResult {
  std::vector<Violation> violations;  // the first ones
  std::uint64_t violations_total = 0;
  std::uint64_t operations_checked = 0;
  bool ok() const { return violations_total == 0; }
};

constexpr std::size_t violations_kept_max = 20;

// Every operation's `counter` must be an index into `rules`.
CheckResult check_counters(std::span<const CounterRules> rules, std::span<const Operation> operations);

// What a counter must hold when its server is up again after a crash; asked of each counter after every restart, so
// that a fault is seen in the cycle that made it.
struct AfterRestart {
  std::int64_t stored_before = 0;  // what the counter held after the restart before, when nothing was in flight
  std::int64_t step = 1;
  std::int64_t acked_count = 0;          // increments acknowledged since
  std::int64_t acked_furthest = 0;       // the value furthest along the step that was ever acknowledged or read
  std::int64_t indeterminate_count = 0;  // increments sent since whose answer was lost
  std::int64_t stored_now = 0;
};

// Nothing if the counter is right, else what is wrong with it.
std::optional<std::string> check_after_restart(const AfterRestart& facts);

}  // namespace quipu::torture
