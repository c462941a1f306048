#include "torture/counter_checker.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <queue>

#include "base/assert.h"

namespace quipu::torture {

namespace {

__extension__ using Wide = __int128;  // holds every difference of two 64-bit values

// An acked operation and its place in the one possible order: 2k for the increment that made the k-th value, 2k+1 for a
// read that saw it.
struct Placed {
  std::uint64_t place;
  const Operation* operation;
};

std::uint64_t rank_of(const Placed& placed) {
  return placed.place / 2;
}

// Consecutive values that were never acknowledged, though something later in the order proves that they were made.
struct Hole {
  std::uint64_t first_rank = 0;
  std::uint64_t last_rank = 0;
  std::size_t next_placed = 0;        // what follows it
  std::int64_t begun_by_ns = 0;       // a lost increment that fills it began by then: first return of anything later
  std::int64_t possible_from_ns = 0;  // and could still take effect then: last start of anything earlier
};

class CounterCheck {
 public:
  CounterCheck(const CounterRules& rules, CheckResult& result) : rules_{rules}, result_{result} {
    QUIPU_ASSERT(rules.step != 0, "counter {} has step 0", rules.name);
  }

  void run(std::span<const Operation> operations);

 private:
  void place_all(std::span<const Operation> operations);
  void sort_by_place(std::uint64_t ranks);
  void check_order();
  void find_holes();
  void match_holes();
  void report(std::string what, std::vector<Operation> involved);

  std::int64_t value_of(std::uint64_t rank) const {
    return static_cast<std::int64_t>(static_cast<Wide>(rules_.start) + static_cast<Wide>(rules_.step) * rank);
  }

  const CounterRules& rules_;
  CheckResult& result_;
  std::vector<Placed> placed_;
  std::vector<Placed> scratch_;
  std::vector<Operation> lost_;  // indeterminate increments
  std::vector<Hole> holes_;
};

void CounterCheck::report(std::string what, std::vector<Operation> involved) {
  ++result_.violations_total;
  if (result_.violations.size() < violations_kept_max)
    result_.violations.push_back({rules_.name, std::move(what), std::move(involved)});
}

void CounterCheck::place_all(std::span<const Operation> operations) {
  std::uint64_t ranks_max = 0;  // no more values than increments that may have taken effect
  for (const auto& operation : operations)
    if (operation.kind == OperationKind::increment && operation.outcome != Outcome::failed) ++ranks_max;

  placed_.reserve(operations.size());
  for (const auto& operation : operations) {
    if (operation.outcome == Outcome::failed) continue;
    if (operation.outcome == Outcome::indeterminate) {
      if (operation.kind == OperationKind::increment) lost_.push_back(operation);
      continue;
    }
    const bool is_read = operation.kind == OperationKind::read;
    const Wide distance = static_cast<Wide>(operation.value) - rules_.start;
    const Wide rank = distance / rules_.step;
    if (distance % rules_.step != 0 || rank < (is_read ? 0 : 1)) {
      report(fmt::format("value {} is impossible: the counter starts at {} and counts by {}", operation.value,
                         rules_.start, rules_.step),
             {operation});
    } else if (rank > static_cast<Wide>(ranks_max)) {
      report(fmt::format("value {} is too large: {} increments that can have taken effect reach only {}",
                         operation.value, ranks_max, value_of(ranks_max)),
             {operation});
    } else {
      placed_.push_back({static_cast<std::uint64_t>(rank) * 2 + (is_read ? 1 : 0), &operation});
    }
  }
  sort_by_place(ranks_max);
}

// A counting sort: no place is beyond 2 * ranks + 1.
void CounterCheck::sort_by_place(std::uint64_t ranks) {
  const auto in_order = [](const Placed& a, const Placed& b) { return a.place < b.place; };
  if (std::ranges::is_sorted(placed_, in_order)) return;
  std::vector<std::uint32_t> ends(2 * ranks + 3, 0);
  QUIPU_ASSERT(placed_.size() < std::numeric_limits<std::uint32_t>::max(), "{} operations", placed_.size());
  for (const auto& placed : placed_) ++ends[placed.place + 1];
  for (std::size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
  scratch_.resize(placed_.size());
  for (const auto& placed : placed_) scratch_[ends[placed.place]++] = placed;
  placed_.swap(scratch_);
}

void CounterCheck::check_order() {
  const Operation* latest_start = nullptr;  // among everything that stands strictly earlier
  for (std::size_t begin = 0; begin < placed_.size();) {
    const std::uint64_t place = placed_[begin].place;
    const Operation* latest_start_here = latest_start;
    std::size_t end = begin;
    for (; end < placed_.size() && placed_[end].place == place; ++end) {
      const Operation& operation = *placed_[end].operation;
      if (latest_start != nullptr && operation.return_ns < latest_start->invoke_ns) {
        report(fmt::format("{} returned before {} began", to_string(operation), to_string(*latest_start)),
               {operation, *latest_start});
      }
      if (latest_start_here == nullptr || operation.invoke_ns > latest_start_here->invoke_ns)
        latest_start_here = &operation;
      if (end > begin && operation.kind == OperationKind::increment) {
        report(fmt::format("value {} was given to two increments", operation.value),
               {*placed_[end - 1].operation, operation});
      }
    }
    latest_start = latest_start_here;
    begin = end;
  }
}

void CounterCheck::find_holes() {
  std::uint64_t explained = 0;  // every value up to this rank is somebody's, or in a hole
  std::int64_t latest_start_ns = std::numeric_limits<std::int64_t>::min();
  for (std::size_t i = 0; i < placed_.size(); ++i) {
    const std::uint64_t rank = rank_of(placed_[i]);
    const bool is_read = placed_[i].operation->kind == OperationKind::read;
    const std::uint64_t needed = is_read ? rank : rank - 1;
    if (needed > explained) {
      holes_.push_back(
          {.first_rank = explained + 1, .last_rank = needed, .next_placed = i, .possible_from_ns = latest_start_ns});
    }
    explained = std::max(explained, rank);
    latest_start_ns = std::max(latest_start_ns, placed_[i].operation->invoke_ns);
  }
  std::int64_t earliest_return_ns = Operation::never_ns;
  std::size_t i = placed_.size();
  for (auto hole = holes_.rbegin(); hole != holes_.rend(); ++hole) {
    while (i > hole->next_placed) earliest_return_ns = std::min(earliest_return_ns, placed_[--i].operation->return_ns);
    hole->begun_by_ns = earliest_return_ns;
  }
}

// Both bounds grow from hole to hole, so giving each value the usable lost increment that ends first is best possible.
void CounterCheck::match_holes() {
  std::ranges::sort(lost_, {}, &Operation::invoke_ns);
  std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> usable;  // by their last moment
  auto next = lost_.begin();
  for (const auto& hole : holes_) {
    for (; next != lost_.end() && next->invoke_ns <= hole.begun_by_ns; ++next) usable.push(next->return_ns);
    std::uint64_t rank = hole.first_rank;
    while (rank <= hole.last_rank && !usable.empty()) {
      if (usable.top() >= hole.possible_from_ns) ++rank;
      usable.pop();
    }
    if (rank > hole.last_rank) continue;
    const Operation& proof = *placed_[hole.next_placed].operation;
    report(fmt::format("{} value(s) up to {} were given to nobody, and no lost increment explains {}; {} proves that "
                       "they were made",
                       hole.last_rank - hole.first_rank + 1, value_of(hole.last_rank), hole.last_rank - rank + 1,
                       to_string(proof)),
           {proof});
  }
}

void CounterCheck::run(std::span<const Operation> operations) {
  place_all(operations);
  check_order();
  find_holes();
  match_holes();
}

}  // namespace

std::string to_string(const Operation& operation) {
  std::string text = operation.kind == OperationKind::read ? "read" : "increment";
  switch (operation.outcome) {
    case Outcome::acked: text += fmt::format(" = {}", operation.value); break;
    case Outcome::indeterminate: text += " with its answer lost"; break;
    case Outcome::failed: text += " refused"; break;
  }
  text += operation.return_ns == Operation::never_ns
              ? fmt::format(" [{} ns .. open]", operation.invoke_ns)
              : fmt::format(" [{} .. {} ns]", operation.invoke_ns, operation.return_ns);
  return text;
}

std::string to_string(const Violation& violation) {
  return fmt::format("{}: {}", violation.counter, violation.what);
}

CheckResult check_counters(std::span<const CounterRules> rules, std::span<const Operation> operations) {
  CheckResult result;
  result.operations_checked = operations.size();

  std::vector<std::size_t> ends(rules.size() + 1, 0);
  for (const auto& operation : operations) {
    QUIPU_ASSERT(operation.counter < rules.size(), "counter {} of {}", operation.counter, rules.size());
    ++ends[operation.counter + 1];
  }
  if (rules.size() == 1) {
    CounterCheck{rules[0], result}.run(operations);
    return result;
  }
  for (std::size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
  const std::vector<std::size_t> begins = ends;
  std::vector<Operation> by_counter(operations.size());
  for (const auto& operation : operations) by_counter[ends[operation.counter]++] = operation;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    CounterCheck{rules[i], result}.run(std::span{by_counter}.subspan(begins[i], begins[i + 1] - begins[i]));
  }
  return result;
}

std::optional<std::string> check_after_restart(const AfterRestart& facts) {
  const auto along = [&](std::int64_t value) {  // in the counting direction
    return facts.step > 0 ? static_cast<Wide>(value) : -static_cast<Wide>(value);
  };
  if (along(facts.stored_now) < along(facts.acked_furthest))
    return fmt::format("holds {} after the restart, but {} was acknowledged", facts.stored_now, facts.acked_furthest);
  const Wide distance = static_cast<Wide>(facts.stored_now) - facts.stored_before;
  const Wide steps = distance / facts.step;
  if (distance % facts.step != 0)
    return fmt::format("holds {} after the restart; it counts by {} from {}", facts.stored_now, facts.step,
                       facts.stored_before);
  if (steps < facts.acked_count)
    return fmt::format("holds {} after the restart, {} before; {} increments were acknowledged in between",
                       facts.stored_now, facts.stored_before, facts.acked_count);
  if (steps > static_cast<Wide>(facts.acked_count) + facts.indeterminate_count)
    return fmt::format(
        "holds {} after the restart, {} before; only {} increments were acknowledged and {} lost in between",
        facts.stored_now, facts.stored_before, facts.acked_count, facts.indeterminate_count);
  return std::nullopt;
}

}  // namespace quipu::torture
