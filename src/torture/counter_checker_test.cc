#include "torture/counter_checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/random.h"

namespace quipu::torture {
namespace {

Operation increment(std::int64_t invoke, std::int64_t answered, std::int64_t value) {
  return {.invoke_ns = invoke, .return_ns = answered, .value = value};
}
Operation read(std::int64_t invoke, std::int64_t answered, std::int64_t value) {
  return {.invoke_ns = invoke, .return_ns = answered, .value = value, .kind = OperationKind::read};
}
Operation lost(std::int64_t invoke, std::int64_t possible_until = Operation::never_ns) {
  return {.invoke_ns = invoke, .return_ns = possible_until, .outcome = Outcome::indeterminate};
}

std::string verdict(const std::vector<Operation>& history, CounterRules rules = {.name = "c"}) {
  const auto result = check_counters({&rules, 1}, history);
  EXPECT_EQ(result.ok(), result.violations.empty());
  return result.ok() ? "ok" : result.violations.front().what;
}

testing::AssertionResult says(const std::string& verdict, std::string_view words) {
  if (verdict.find(words) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << verdict << "' does not say '" << words << "'";
}

TEST(CounterChecker, AnEmptyHistoryIsRight) {
  EXPECT_EQ(verdict({}), "ok");
}

TEST(CounterChecker, OneAfterTheOtherIsRight) {
  EXPECT_EQ(verdict({increment(0, 1, 1), increment(2, 3, 2), read(4, 5, 2), increment(6, 7, 3)}), "ok");
}

TEST(CounterChecker, OverlappingOperationsMayTakeEffectInAnyOrder) {
  EXPECT_EQ(verdict({increment(0, 10, 2), increment(1, 9, 3), increment(2, 8, 1), read(3, 7, 0)}), "ok");
}

TEST(CounterChecker, TouchingIntervalsCountAsOverlapping) {
  EXPECT_EQ(verdict({increment(0, 5, 2), increment(5, 6, 1)}), "ok");
}

TEST(CounterChecker, ADuplicateValueIsCaught) {
  EXPECT_TRUE(says(verdict({increment(0, 10, 1), increment(1, 9, 1)}), "value 1 was given to two increments"));
}

TEST(CounterChecker, ASmallerValueThatBeganAfterALargerOneReturnedIsCaught) {
  EXPECT_TRUE(says(verdict({increment(0, 1, 2), increment(2, 3, 1)}),
                   "increment = 2 [0 .. 1 ns] returned before increment = 1"));
}

TEST(CounterChecker, AHoleThatNothingExplainsIsCaught) {
  EXPECT_TRUE(says(verdict({increment(0, 1, 1), increment(2, 3, 3), lost(4)}), "given to nobody"));
}

TEST(CounterChecker, AHoleIsExplainedByALostIncrement) {
  EXPECT_EQ(verdict({increment(0, 1, 1), lost(1), increment(2, 3, 3)}), "ok");
}

TEST(CounterChecker, TwoHolesNeedTwoLostIncrements) {
  EXPECT_TRUE(says(verdict({lost(0), increment(1, 2, 3), lost(3)}), "no lost increment explains 1"));
  EXPECT_EQ(verdict({lost(0), lost(0), increment(1, 2, 3)}), "ok");
}

TEST(CounterChecker, ALostIncrementThatBeganTooLateExplainsNothing) {
  EXPECT_TRUE(says(verdict({increment(0, 1, 2), lost(2), read(3, 4, 2)}), "given to nobody"));
}

TEST(CounterChecker, ALostIncrementOfAnEarlierServerLifeExplainsNothingLater) {
  // The server that got it ended at 5; value 2 can only have been made after 10.
  EXPECT_TRUE(
      says(verdict({increment(0, 1, 1), lost(2, 5), read(10, 11, 1), increment(12, 13, 3)}), "given to nobody"));
  EXPECT_EQ(verdict({increment(0, 1, 1), lost(2, 12), read(10, 11, 1), increment(12, 13, 3)}), "ok");
}

TEST(CounterChecker, ScarceLostIncrementsAreUsedWhereTheyFit) {
  // The one that ends at 5 must fill value 1, the open one value 3.
  EXPECT_EQ(verdict({lost(0), lost(0, 5), increment(6, 7, 2), increment(8, 9, 4)}), "ok");
  EXPECT_TRUE(says(verdict({lost(0, 5), lost(0, 5), increment(6, 7, 2), increment(8, 9, 4)}), "given to nobody"));
}

TEST(CounterChecker, ARefusedIncrementExplainsNothing) {
  Operation refused = lost(0);
  refused.outcome = Outcome::failed;
  EXPECT_TRUE(says(verdict({refused, increment(1, 2, 2)}), "too large"));
}

TEST(CounterChecker, AReadBelowAnAcknowledgedValueIsCaught) {
  EXPECT_TRUE(says(verdict({increment(0, 1, 1), increment(2, 3, 2), read(4, 5, 1)}), "returned before read = 1"));
}

TEST(CounterChecker, AReadAboveWhatHadBegunIsCaught) {
  EXPECT_TRUE(
      says(verdict({increment(0, 1, 1), read(2, 3, 2), increment(4, 5, 2)}), "read = 2 [2 .. 3 ns] returned before"));
}

TEST(CounterChecker, ReadsThatGoBackAreCaught) {
  EXPECT_TRUE(says(verdict({increment(0, 100, 1), read(1, 2, 1), read(3, 4, 0)}),
                   "read = 1 [1 .. 2 ns] returned before read = 0"));
}

TEST(CounterChecker, AValueLostAfterARestartIsCaught) {
  EXPECT_FALSE(verdict({increment(0, 1, 1), increment(2, 3, 2), read(4, 5, 1), increment(6, 7, 2)}) == "ok");
}

TEST(CounterChecker, ARetryThatCountedTwiceIsCaught) {
  // One operation, asked twice, was answered 2; but 1 is nobody's.
  EXPECT_TRUE(says(verdict({increment(0, 9, 2)}), "too large"));
  EXPECT_TRUE(says(verdict({increment(0, 5, 1), increment(6, 9, 3), lost(10)}), "given to nobody"));
}

TEST(CounterChecker, AReadProvesThatTheValuesBelowItWereMade) {
  EXPECT_EQ(verdict({lost(0), lost(1), read(2, 3, 2)}), "ok");
  EXPECT_TRUE(says(verdict({lost(0), read(2, 3, 2)}), "too large"));
}

TEST(CounterChecker, StepsAndStartsAreKept) {
  const CounterRules by_seven{.name = "c", .start = 100, .step = 7};
  EXPECT_EQ(verdict({increment(0, 1, 107), read(0, 2, 100), increment(2, 3, 114)}, by_seven), "ok");
  EXPECT_TRUE(says(verdict({increment(0, 1, 108)}, by_seven), "impossible"));
  const CounterRules down{.name = "c", .start = 0, .step = -2};
  EXPECT_EQ(verdict({increment(0, 1, -2), increment(2, 3, -4)}, down), "ok");
  EXPECT_TRUE(says(verdict({increment(0, 1, 2)}, down), "impossible"));
}

TEST(CounterChecker, BothEndsOfTheNumbersWork) {
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  constexpr auto high = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(verdict({increment(0, 1, high)}, {.name = "c", .start = high - 1, .step = 1}), "ok");
  EXPECT_TRUE(says(verdict({increment(0, 1, low)}, {.name = "c", .start = high, .step = 1}), "impossible"));
  EXPECT_TRUE(says(verdict({increment(0, 1, high)}, {.name = "c", .start = low, .step = 1}), "too large"));
}

TEST(CounterChecker, CountersAreJudgedApartAndNamed) {
  const std::vector<CounterRules> rules{{.name = "a"}, {.name = "b"}};
  std::vector<Operation> history{increment(0, 1, 1), increment(0, 1, 1), increment(2, 3, 1)};
  history[1].counter = history[2].counter = 1;
  const auto result = check_counters(rules, history);
  ASSERT_EQ(result.violations.size(), 1U);
  EXPECT_EQ(result.violations[0].counter, "b");
  EXPECT_EQ(result.violations[0].operations.size(), 2U);
}

TEST(CounterChecker, AllViolationsAreCountedAndTheFirstOnesKept) {
  std::vector<Operation> history;
  for (int i = 0; i < 100; ++i) history.push_back(increment(0, 1, 1));
  const CounterRules rules{.name = "c"};
  const auto result = check_counters({&rules, 1}, history);
  EXPECT_EQ(result.violations_total, 99U);
  EXPECT_EQ(result.violations.size(), violations_kept_max);
}

// A correct counter with many clients: every operation takes effect at a moment of its own between start and answer.
std::vector<Operation> simulate(SeededRandom& random, std::size_t operations, std::int64_t length) {
  struct Effect {
    std::int64_t at;
    Operation operation;
  };
  std::vector<Effect> effects;
  for (std::size_t i = 0; i < operations; ++i) {
    const auto invoke = static_cast<std::int64_t>(i * 10 + random.below(10));
    const auto at = invoke + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(length)));
    const auto answered = at + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(length)));
    Operation operation = random.below(4) == 0 ? read(invoke, answered, 0) : increment(invoke, answered, 0);
    if (random.below(8) == 0) operation.outcome = Outcome::indeterminate;
    effects.push_back({at, operation});
  }
  std::ranges::stable_sort(effects, {}, &Effect::at);
  std::int64_t value = 0;
  std::vector<Operation> history;
  for (auto& [at, operation] : effects) {
    const bool happened = operation.outcome == Outcome::acked || random.below(2) == 0;
    if (operation.kind == OperationKind::increment && happened) ++value;
    operation.value = value;
    history.push_back(operation);
  }
  for (std::size_t i = history.size(); i > 1; --i) std::swap(history[i - 1], history[random.below(i)]);
  return history;
}

TEST(CounterChecker, HistoriesOfACorrectCounterPass) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SeededRandom random{seed};
    EXPECT_EQ(verdict(simulate(random, 200, 1 + static_cast<std::int64_t>(random.below(300)))), "ok")
        << "seed " << seed;
  }
}

TEST(CounterChecker, AnAcknowledgedIncrementWithAnothersValueIsAlwaysCaught) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SeededRandom random{seed};
    auto history = simulate(random, 200, 100);
    std::vector<Operation*> acked;
    for (auto& operation : history)
      if (operation.kind == OperationKind::increment && operation.outcome == Outcome::acked)
        acked.push_back(&operation);
    acked[0]->value = acked[1]->value;
    EXPECT_NE(verdict(history), "ok") << "seed " << seed;
  }
}

TEST(CounterChecker, TenMillionOperationsTakeSeconds) {
  SeededRandom random{7};
#ifdef NDEBUG
  constexpr std::size_t operations = 10'000'000;
#else
  constexpr std::size_t operations = 1'000'000;
#endif
  const auto history = simulate(random, operations, 300);
  const CounterRules rules{.name = "c"};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(check_counters({&rules, 1}, history).ok());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  RecordProperty("seconds", std::to_string(took.count()));
  EXPECT_LT(took.count(), 20.0) << "the checker is not n log n any more";
}

TEST(AfterRestart, BetweenAcknowledgedAndSentIsRight) {
  AfterRestart facts{.stored_before = 10, .acked_count = 3, .acked_furthest = 14, .indeterminate_count = 2};
  for (const std::int64_t stored : {14, 15}) {
    facts.stored_now = stored;
    EXPECT_EQ(check_after_restart(facts), std::nullopt) << stored;
  }
}

TEST(AfterRestart, ALostAcknowledgedValueIsCaught) {
  EXPECT_NE(check_after_restart({.stored_before = 10, .acked_count = 3, .acked_furthest = 13, .stored_now = 12}),
            std::nullopt);
}

TEST(AfterRestart, MoreThanWasSentIsCaught) {
  EXPECT_NE(
      check_after_restart(
          {.stored_before = 10, .acked_count = 3, .acked_furthest = 13, .indeterminate_count = 1, .stored_now = 15}),
      std::nullopt);
}

TEST(AfterRestart, FewerThanAcknowledgedIsCaughtThoughTheLargestIsThere) {
  EXPECT_NE(check_after_restart({.stored_before = 10, .acked_count = 4, .acked_furthest = 13, .stored_now = 13}),
            std::nullopt);
}

TEST(AfterRestart, StepsAreKept) {
  EXPECT_NE(check_after_restart(
                {.step = 10, .acked_count = 1, .acked_furthest = 10, .indeterminate_count = 9, .stored_now = 15}),
            std::nullopt);
  EXPECT_EQ(check_after_restart({.step = -10, .acked_count = 1, .acked_furthest = -10, .stored_now = -10}),
            std::nullopt);
}

}  // namespace
}  // namespace quipu::torture
