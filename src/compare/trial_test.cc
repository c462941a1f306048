#include "compare/trial.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace quipu::compare {
namespace {

using counter::CallOutcome;
using counter::CounterCall;

// A store in memory, right or with one of the mistakes that recipes make.
enum class Mistake : std::uint8_t {
  none,
  reads_then_writes,
  forgets,
  forgets_keyed,
  counts_retries,
  checks_then_adds,
  refuses_early,
  refuses_keys,
  answers_nothing,
  answers_no_reads,
  answers_no_keys,
  answers_no_erase,
};

class MemoryStore final : public counter::CounterStore {
 public:
  explicit MemoryStore(Mistake mistake) : mistake_{mistake} {}

  std::unique_ptr<CounterCall> new_call() override { return std::make_unique<Call>(*this); }
  void flush() override {}

 private:
  class Call final : public CounterCall {
   public:
    explicit Call(MemoryStore& store) : store_{store} {}

    bool start(Completion&) override {
      if (store_.is_silent(kind_, !idempotency_key_.empty())) {
        fail_with({ErrorCode::unavailable, "it is down"});
        return true;
      }
      const std::string name{this->name(0)};
      Item& item = items_[0];
      auto& value = store_.values_[name];
      if (kind_ == counter::CallKind::read) item.value = value;
      if (kind_ == counter::CallKind::erase) store_.values_.erase(name);
      if (kind_ == counter::CallKind::increment) increment(item, value);
      return true;
    }

   private:
    void increment(Item& item, std::int64_t& value) {
      const bool keyed = !idempotency_key_.empty();
      if (keyed && store_.mistake_ == Mistake::refuses_keys) return fail_with({ErrorCode::invalid_argument, "no keys"});
      if (keyed && store_.mistake_ != Mistake::counts_retries && !store_.keys_.insert(idempotency_key_).second) {
        item.value = value;
        return;
      }
      if (keyed && store_.mistake_ == Mistake::forgets_keyed) {
        item.value = value + 1;
        return;
      }
      std::int64_t slack = 0;
      if (store_.mistake_ == Mistake::checks_then_adds) slack = 2;
      if (store_.mistake_ == Mistake::refuses_early) slack = -1;
      if (item.max && value >= *item.max + slack) {
        item.value = value;
        return refuse(CallOutcome::max_reached, 0);
      }
      const std::uint64_t turn = ++store_.turns_;
      if (store_.mistake_ == Mistake::forgets && turn % 100 == 0) {
        item.value = value + 1;
        return;
      }
      if (store_.mistake_ == Mistake::reads_then_writes && turn % 100 == 0 && value > 0) {
        item.value = value;
        ++value;
        return;
      }
      item.value = ++value;
    }

    MemoryStore& store_;
  };

  bool is_silent(counter::CallKind kind, bool keyed) const {
    return mistake_ == Mistake::answers_nothing ||
           (mistake_ == Mistake::answers_no_reads && kind == counter::CallKind::read) ||
           (mistake_ == Mistake::answers_no_erase && kind == counter::CallKind::erase) ||
           (mistake_ == Mistake::answers_no_keys && keyed);
  }

  const Mistake mistake_;
  std::map<std::string, std::int64_t, std::less<>> values_;
  std::set<std::string, std::less<>> keys_;
  std::uint64_t turns_ = 0;
};

StoreTrial trial_of(MemoryStore& store, const LossyWay& lossy = {}) {
  const TrialOptions options{.clients = 4,
                             .duration = std::chrono::milliseconds{200},
                             .prefix = "t-",
                             .progress = [](std::string_view, std::uint64_t, double) {},
                             .patience = std::chrono::milliseconds{20}};
  StoreTrial trial;
  run_trial(store, lossy, options, trial);
  return trial;
}

StoreTrial trial_of(Mistake mistake) {
  MemoryStore store{mistake};
  return trial_of(store);
}

Verdict verdict_on(Mistake mistake) {
  const StoreTrial trial = trial_of(mistake);
  EXPECT_GT(trial.unconditional.done, 0u);
  EXPECT_GT(trial.conditional.done, 0u);
  EXPECT_GT(trial.many_counters.done, 0u);
  return trial.verdict;
}

TEST(Trial, StoreThatIsRightIsFoundRight) {
  const Verdict verdict = verdict_on(Mistake::none);
  EXPECT_TRUE(verdict.good()) << verdict.example;
  EXPECT_TRUE(verdict.takes_keys);
  EXPECT_GT(verdict.answers_lost, 0u);
}

TEST(Trial, ReadThenWriteIsCaught) {
  EXPECT_GT(verdict_on(Mistake::reads_then_writes).duplicates, 0u);
}

TEST(Trial, LostIncrementIsCaught) {
  const Verdict verdict = verdict_on(Mistake::forgets);
  EXPECT_FALSE(verdict.good());
  EXPECT_GT(verdict.lost + verdict.duplicates, 0u);
}

TEST(Trial, LostCallWithAKeyIsCaught) {
  EXPECT_GT(verdict_on(Mistake::forgets_keyed).lost, 0u);
}

// Nothing was wrong with what it answered.
TEST(Trial, StoreThatAnswersNothingIsNotJudged) {
  const Verdict verdict = trial_of(Mistake::answers_nothing).verdict;
  EXPECT_TRUE(verdict.nothing_wrong()) << verdict.example;
  EXPECT_FALSE(verdict.good());
  EXPECT_NE(verdict.not_judged.find("it is down"), std::string::npos) << verdict.not_judged;
}

TEST(Trial, StoreThatCannotBeReadAtTheEndIsNotJudged) {
  const Verdict verdict = verdict_on(Mistake::answers_no_reads);
  EXPECT_TRUE(verdict.nothing_wrong()) << verdict.example;
  EXPECT_NE(verdict.not_judged.find("could not be read"), std::string::npos) << verdict.not_judged;
}

// Each of 200 calls was repeated 2,000 times: half an hour without a word.
TEST(Trial, RetriesThatNobodyAnswersHaveAnEnd) {
  const Verdict verdict = verdict_on(Mistake::answers_no_keys);
  EXPECT_TRUE(verdict.nothing_wrong()) << verdict.example;
  EXPECT_NE(verdict.not_judged.find("a call with a key"), std::string::npos) << verdict.not_judged;
}

TEST(Trial, LossyWayThatLeadsNowhereHasAnEnd) {
  MemoryStore nowhere{Mistake::answers_nothing};
  MemoryStore store{Mistake::none};
  const StoreTrial trial = trial_of(store, {.store = &nowhere, .answers_lost = [] { return 0; }});
  EXPECT_TRUE(trial.verdict.nothing_wrong()) << trial.verdict.example;
  EXPECT_NE(trial.verdict.not_judged.find("it is down"), std::string::npos) << trial.verdict.not_judged;
}

// As the nodes of a cluster, which are asked directly.
TEST(Trial, RetriesAreTriedWhereNothingIsLostOnTheWay) {
  MemoryStore store{Mistake::counts_retries};
  const Verdict verdict = trial_of(store, {.store = &store, .answers_lost = [] { return 0; }}).verdict;
  EXPECT_GT(verdict.answers_lost, 0u);
  EXPECT_EQ(verdict.double_counted, verdict.answers_lost);
}

TEST(Trial, WhatCouldNotBeErasedIsSaid) {
  const StoreTrial trial = trial_of(Mistake::answers_no_erase);
  ASSERT_EQ(trial.warnings.size(), 5u) << "one for each phase";
  EXPECT_TRUE(trial.warnings.front().starts_with("1 counters could not be erased, the first of them t-unconditional-0"))
      << trial.warnings.front();
  EXPECT_TRUE(trial_of(Mistake::none).warnings.empty());
}

TEST(Trial, RetryThatCountsAgainIsCaught) {
  EXPECT_GT(verdict_on(Mistake::counts_retries).double_counted, 0u);
}

TEST(Trial, MaximumThatIsPassedIsCaught) {
  EXPECT_EQ(verdict_on(Mistake::checks_then_adds).overshot, 2u * 8);
}

TEST(Trial, MaximumThatIsNotReachedIsCaught) {
  EXPECT_EQ(verdict_on(Mistake::refuses_early).undershot, 1u * 8);
}

TEST(Trial, StoreWithoutKeysSaysSo) {
  const Verdict verdict = verdict_on(Mistake::refuses_keys);
  EXPECT_FALSE(verdict.takes_keys);
  EXPECT_TRUE(verdict.good());
}

}  // namespace
}  // namespace quipu::compare
