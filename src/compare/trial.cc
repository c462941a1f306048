#include "compare/trial.h"

#include <fmt/core.h>

#include <algorithm>
#include <semaphore>
#include <utility>

#include "base/random.h"

namespace quipu::compare {

namespace {

using counter::CallOutcome;

constexpr std::int64_t far_maximum = 1'000'000'000'000;
constexpr std::int64_t small_maximum = 100;
constexpr unsigned small_counters = 8;
constexpr unsigned tries_for_each = 4;  // of the small maximum
constexpr unsigned retried_calls = 200;
constexpr std::chrono::milliseconds pause_before_retry{5};
constexpr std::uint64_t thrown_away_percent = 20;

void blame(Verdict& verdict, std::uint64_t& what, std::uint64_t count, const std::string& example) {
  if (count == 0) return;
  what += count;
  if (verdict.example.empty()) verdict.example = example;
}

void give_up(Verdict& verdict, std::string why) {
  if (verdict.not_judged.empty()) verdict.not_judged = std::move(why);
}

std::string reason(const Answer& answer) {
  return answer.error ? answer.error->message : "it holds something that is no number";
}

// Again and again until it is done, or fails with `not_again`, or patience is at an end. It ends once in a trial: after
// that each call is tried once, so that a store that has gone for good is not waited for in every phase.
Answer ask_patiently(const TrialOptions& options, const Verdict& verdict, const std::function<Answer()>& ask,
                     std::optional<ErrorCode> not_again = {}) {
  const auto patience = verdict.not_judged.empty() ? options.patience : std::chrono::milliseconds{0};
  const auto end = std::chrono::steady_clock::now() + patience;
  std::binary_semaphore never{0};
  for (;;) {
    Answer answer = ask();
    const bool is_final = answer.outcome == CallOutcome::done || (answer.error && answer.error->code == not_again);
    if (is_final || std::chrono::steady_clock::now() >= end) return answer;
    static_cast<void>(never.try_acquire_for(pause_before_retry));
  }
}

std::string why_none_succeeded(const LoadResult& load) {
  return load.first_error.empty() ? "all were refused for the maximum" : load.first_error;
}

// Erases the counters of a phase, however that ends, and tells their owner of those that are left.
class Erasing {
 public:
  Erasing(counter::CounterStore& store, const std::vector<std::string>& counters, std::vector<std::string>& warnings)
      : store_{store}, counters_{counters}, warnings_{warnings} {}
  Erasing(const Erasing&) = delete;
  Erasing& operator=(const Erasing&) = delete;
  ~Erasing() {
    std::size_t left = 0;
    std::string first;
    for (const std::string& counter : counters_) {
      const Answer erased = erase(store_, counter);
      if (erased.outcome != CallOutcome::done && left++ == 0) first = fmt::format("{}: {}", counter, reason(erased));
    }
    if (left > 0)
      warnings_.push_back(fmt::format("{} counters could not be erased, the first of them {}", left, first));
  }

 private:
  counter::CounterStore& store_;
  const std::vector<std::string>& counters_;
  std::vector<std::string>& warnings_;
};

// What the counter holds, now that nobody asks it any more. Without that there is no verdict on it.
std::optional<std::int64_t> read_at_the_end(counter::CounterStore& store, const std::string& counter,
                                            const TrialOptions& options, Verdict& verdict) {
  const Answer now = ask_patiently(options, verdict, [&] { return read(store, counter); });
  if (now.outcome == CallOutcome::done) return now.value;
  give_up(verdict, fmt::format("{} could not be read at the end: {}", counter, reason(now)));
  return std::nullopt;
}

std::uint64_t positive(std::int64_t count) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, count));
}

std::uint64_t duplicates_in(std::vector<torture::Operation> acked) {
  std::ranges::sort(acked, {}, &torture::Operation::value);
  std::uint64_t twice = 0;
  for (std::size_t i = 1; i < acked.size(); ++i) twice += acked[i].value == acked[i - 1].value ? 1 : 0;
  return twice;
}

// One counter that began at 0, and all that took effect on it or may have.
void judge(counter::CounterStore& store, const std::string& counter, const std::vector<torture::Operation>& operations,
           const TrialOptions& options, Verdict& verdict) {
  std::vector<torture::Operation> acked;
  std::ranges::copy_if(operations, std::back_inserter(acked),
                       [](const auto& each) { return each.outcome == torture::Outcome::acked; });
  const std::uint64_t twice = duplicates_in(acked);
  blame(verdict, verdict.duplicates, twice, fmt::format("{} numbers of {} were given to two clients", twice, counter));
  if (twice == 0) {
    const torture::CounterRules rules{.name = counter, .start = 0, .step = 1};
    const auto checked = torture::check_counters({&rules, 1}, operations);
    if (!checked.ok())
      blame(verdict, verdict.out_of_order, checked.violations_total, torture::to_string(checked.violations.front()));
  }
  const auto now = read_at_the_end(store, counter, options, verdict);
  if (!now) return;
  const auto count = static_cast<std::int64_t>(acked.size());
  const auto unknown = static_cast<std::int64_t>(operations.size()) - count;
  blame(verdict, verdict.lost, positive(count - *now),
        fmt::format("{} increments of {} were acknowledged, and it is {}", count, counter, *now));
  blame(verdict, verdict.handed_to_nobody, positive(*now - count - unknown),
        fmt::format("{} is {} after {} increments, and {} of unknown outcome", counter, *now, count, unknown));
}

LoadResult run_phase(counter::CounterStore& store, std::string_view phase, unsigned counters,
                     std::optional<std::int64_t> max, const TrialOptions& options, StoreTrial& trial) {
  Verdict& verdict = trial.verdict;
  LoadOptions load{.counters = {}, .clients = options.clients, .duration = options.duration};
  for (unsigned i = 0; i < counters; ++i) load.counters.push_back(fmt::format("{}{}-{}", options.prefix, phase, i));
  load.max = max;
  load.progress = [&](std::uint64_t done, double seconds) { options.progress(phase, done, seconds); };
  const Erasing erasing{store, load.counters, trial.warnings};
  LoadResult result = run_load(store, load);
  if (result.done == 0)
    give_up(verdict, fmt::format("no increment ({}) was acknowledged: {}", phase, why_none_succeeded(result)));
  std::vector<std::vector<torture::Operation>> of_counter(counters);
  for (torture::Operation operation : result.operations) {
    auto& operations = of_counter[std::exchange(operation.counter, 0)];
    operations.push_back(operation);
  }
  for (unsigned i = 0; i < counters; ++i)
    if (!of_counter[i].empty()) judge(store, load.counters[i], of_counter[i], options, verdict);
  return result;
}

void try_maximum(counter::CounterStore& store, const TrialOptions& options, StoreTrial& trial) {
  Verdict& verdict = trial.verdict;
  LoadOptions load{.counters = {}, .clients = options.clients, .duration = std::chrono::minutes{1}};
  for (unsigned i = 0; i < small_counters; ++i) load.counters.push_back(fmt::format("{}maximum-{}", options.prefix, i));
  load.max = small_maximum;
  load.calls_max = small_counters * tries_for_each * static_cast<std::uint64_t>(small_maximum);
  load.progress = [&](std::uint64_t done, double seconds) { options.progress("maximum", done, seconds); };
  const Erasing erasing{store, load.counters, trial.warnings};
  const LoadResult result = run_load(store, load);
  if (result.done + result.limits_reached == 0)
    return give_up(verdict, "no increment up to a maximum was answered: " + result.first_error);
  for (std::uint32_t i = 0; i < small_counters; ++i) {
    const auto succeeded = std::ranges::count_if(result.operations, [&](const torture::Operation& each) {
      return each.counter == i && each.outcome == torture::Outcome::acked;
    });
    const auto kept = read_at_the_end(store, load.counters[i], options, verdict);
    if (!kept) return;  // nor could the others be
    const std::int64_t most = std::max<std::int64_t>(succeeded, *kept);
    blame(verdict, verdict.overshot, positive(most - small_maximum),
          fmt::format("{} increments succeeded on {}, whose maximum is {}", most, load.counters[i], small_maximum));
    // Only where nothing else explains it.
    if (succeeded >= small_maximum || result.unknown + result.failed + result.conflicts > 0) continue;
    if (result.limits_reached_of[i] == 0)
      give_up(verdict, fmt::format("{} was not filled within a minute", load.counters[i]));
    else
      blame(verdict, verdict.undershot, positive(small_maximum - succeeded),
            fmt::format("only {} increments succeeded on {}, whose maximum is {}", succeeded, load.counters[i],
                        small_maximum));
  }
}

bool refuses_keys(const Answer& answer) {
  return answer.error && answer.error->code == ErrorCode::invalid_argument;
}

void try_retries(counter::CounterStore& store, const LossyWay& lossy, const TrialOptions& options, StoreTrial& trial) {
  Verdict& verdict = trial.verdict;
  const std::vector<std::string> counters{options.prefix + "retries"};
  const std::string& counter = counters.front();
  const Erasing erasing{store, counters, trial.warnings};
  counter::CounterStore& way = lossy.store != nullptr ? *lossy.store : store;
  SeededRandom random{1};
  std::int64_t counted = 0;
  std::int64_t unanswered = 0;
  for (unsigned i = 0; i < retried_calls && unanswered == 0; ++i) {
    const std::string key = fmt::format("{}{}", options.prefix, i);
    const auto ask = [&] { return increment(way, counter, {}, key); };
    Answer answer = ask_patiently(options, verdict, ask, ErrorCode::invalid_argument);
    if (refuses_keys(answer)) {
      verdict.takes_keys = false;
      return;
    }
    // Always: the nodes of a cluster are asked directly, and then nothing is lost on the way to it.
    while (answer.outcome == CallOutcome::done && random.below(100) < thrown_away_percent) {
      ++verdict.answers_lost;
      answer = ask_patiently(options, verdict, ask);
    }
    if (answer.outcome == CallOutcome::done) {
      ++counted;
    } else {
      ++unanswered;
      give_up(verdict, "a call with a key was not answered, however often it was repeated: " + reason(answer));
    }
    options.progress("retries", static_cast<std::uint64_t>(counted), 0);
  }
  if (lossy.store != nullptr) verdict.answers_lost += lossy.answers_lost();
  const auto now = read_at_the_end(store, counter, options, verdict);
  if (!now) return;
  blame(verdict, verdict.lost, positive(counted - *now),
        fmt::format("{} calls with keys were acknowledged, and {} is {}", counted, counter, *now));
  blame(verdict, verdict.double_counted, positive(*now - counted - unanswered),
        fmt::format("{} is {} after {} calls that were repeated with their keys", counter, *now, counted));
}

}  // namespace

void run_trial(counter::CounterStore& store, const LossyWay& lossy, const TrialOptions& options, StoreTrial& trial) {
  trial.unconditional = run_phase(store, "unconditional", 1, {}, options, trial);
  trial.conditional = run_phase(store, "conditional", 1, far_maximum, options, trial);
  // Clients ask for them in turn, so that each has one for itself.
  trial.many_counters = run_phase(store, "many", 2 * options.clients, {}, options, trial);
  try_maximum(store, options, trial);
  try_retries(store, lossy, options, trial);
}

}  // namespace quipu::compare
