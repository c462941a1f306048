#include "remote/remote_counters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <semaphore>

#include "base/guarded.h"

namespace quipu::remote {
namespace {

using counter::CallKind;
using counter::CallOutcome;
using namespace std::chrono_literals;

// The other end of the network: a store in memory that can be cut off, slow, or lose its answers.
struct FarStore {
  Guarded<std::map<std::string, std::int64_t, std::less<>>> counters;
  std::atomic<bool> reachable{true};
  std::atomic<bool> loses_answers{false};
  std::atomic<int> connects{0};
  std::atomic<int> connects_max{1'000'000};  // more are refused
  std::atomic<int> most_together{0};
  std::atomic<int> steps{0};
  std::counting_semaphore<> gate{0};  // of a slow store: each run() takes one
  std::atomic<bool> slow{false};
  std::string slow_counter;  // if it is not for all of them; set while nothing is under way
};

class FarLink final : public Link {
 public:
  explicit FarLink(FarStore& store) : store_{store} {}

  Result<> connect() override {
    if (++store_.connects > store_.connects_max) return fail(ErrorCode::unavailable, "too many connections");
    return ping();
  }
  Result<> ping() override {
    if (!store_.reachable) return fail(ErrorCode::unavailable, "connection refused");
    return {};
  }
  Result<> run(std::span<RemoteCall* const> calls) override {
    const auto is_slow = [&](const RemoteCall* call) {
      return store_.slow_counter.empty() || call->counter() == store_.slow_counter;
    };
    if (store_.slow && std::ranges::any_of(calls, is_slow)) store_.gate.acquire();
    store_.most_together = std::max(store_.most_together.load(), static_cast<int>(calls.size()));
    for (RemoteCall* call : calls) {
      if (!store_.reachable)
        call->failed({ErrorCode::unavailable, "connection reset"});
      else
        increment(*call);
    }
    if (store_.reachable && !store_.loses_answers) return {};
    return fail(ErrorCode::unavailable, "connection reset");
  }

 private:
  void increment(RemoteCall& call) {
    store_.counters.with([&](auto& counters) {
      ++store_.steps;
      std::int64_t& value = counters[std::string{call.counter()}];
      const RemoteCall::Limit& limit = call.limit();
      if (limit.up ? value > limit.bound : value < limit.bound) return call.limit_reached(value);
      value += call.asked().by;
      if (store_.loses_answers) return call.failed({ErrorCode::outcome_unknown, "connection reset"});
      call.done(value);
    });
  }

  FarStore& store_;
};

class Far final : public Remote {
 public:
  Far(FarStore& store, unsigned links, std::size_t together) : store_{store}, links_{links}, together_{together} {}

  std::string_view name() const override { return "far"; }
  std::string address() const override { return "far:1"; }
  unsigned links() const override { return links_; }
  std::size_t calls_together_max() const override { return together_; }
  std::unique_ptr<Link> make_link() const override { return std::make_unique<FarLink>(store_); }
  Result<StoreReport> prepare() const override { return StoreReport{}; }

 private:
  FarStore& store_;
  unsigned links_;
  std::size_t together_;
};

class Waiting final : public counter::CounterCall::Completion {
 public:
  void completed(counter::CounterCall&) noexcept override { done_.release(); }
  void wait() { ASSERT_TRUE(done_.try_acquire_for(20s)); }

 private:
  std::counting_semaphore<> done_{0};
};

class RemoteCountersTest : public ::testing::Test {
 protected:
  void open(unsigned links, std::size_t together = 1) {
    counters_ = std::make_unique<RemoteCounters>(std::make_unique<Far>(store_, links, together));
  }

  // Completes the call.
  std::unique_ptr<counter::CounterCall> increment(std::string_view name, std::optional<std::int64_t> max = {}) {
    auto call = counters_->new_call();
    call->begin(CallKind::increment);
    call->add(name).max = max;
    Waiting waiting;
    if (!call->start(waiting)) {
      counters_->flush();
      waiting.wait();
    }
    return call;
  }

  void wait_until_down() {
    for (int i = 0; i < 1000; ++i) {
      const auto call = increment("probe");
      if (call->outcome() == CallOutcome::failed &&
          call->error().message.find("cannot be reached") != std::string::npos)
        return;
    }
    FAIL() << "the store never counted as down";
  }

  bool wait_until_up() {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!counters_->reachable())
      if (std::chrono::steady_clock::now() > end) return false;
    return true;
  }

  FarStore store_;
  std::unique_ptr<RemoteCounters> counters_;
};

TEST_F(RemoteCountersTest, EveryCallIsAnsweredWithItsOwnValue) {
  open(4);
  for (int i = 1; i <= 100; ++i) {
    const auto call = increment("a");
    ASSERT_EQ(call->outcome(), CallOutcome::done);
    EXPECT_EQ(call->item(0).value, i);
  }
}

TEST_F(RemoteCountersTest, LimitIsTheCallersOrThatOf64Bits) {
  open(1);
  EXPECT_EQ(increment("a", 1)->outcome(), CallOutcome::done);
  const auto refused = increment("a", 1);
  EXPECT_EQ(refused->outcome(), CallOutcome::max_reached);
  EXPECT_EQ(refused->item(0).value, 1);
  store_.counters.with([](auto& counters) { counters["a"] = std::numeric_limits<std::int64_t>::max(); });
  EXPECT_EQ(increment("a")->outcome(), CallOutcome::max_reached);
}

TEST_F(RemoteCountersTest, CallsThatWaitTogetherAreSentTogether) {
  open(1, 64);
  store_.slow = true;
  std::vector<std::unique_ptr<counter::CounterCall>> calls;
  Waiting waiting;
  for (int i = 0; i < 50; ++i) {
    calls.push_back(counters_->new_call());
    calls.back()->begin(CallKind::increment);
    calls.back()->add("a");
    ASSERT_FALSE(calls.back()->start(waiting));
  }
  counters_->flush();
  store_.slow = false;
  store_.gate.release(50);
  for (int i = 0; i < 50; ++i) waiting.wait();
  EXPECT_GT(store_.most_together, 1);
  for (const auto& call : calls) EXPECT_EQ(call->outcome(), CallOutcome::done);
}

// Many calls at once, while the store takes its time.
class ManyAtOnce : public RemoteCountersTest {
 protected:
  using Calls = std::vector<std::unique_ptr<counter::CounterCall>>;

  void SetUp() override {
    open(8);
    ASSERT_TRUE(wait_until_up());
    store_.slow = true;
  }

  counter::CounterCall::Item& ask(std::string_view counter) {
    calls_.push_back(counters_->new_call());
    calls_.back()->begin(CallKind::increment);
    return calls_.back()->add(counter);
  }

  // Of the calls as they were asked for.
  const Calls& answers() {
    Waiting waiting;
    for (const auto& call : calls_) EXPECT_FALSE(call->start(waiting));
    counters_->flush();
    store_.gate.release(static_cast<std::ptrdiff_t>(2 * calls_.size()));
    for (std::size_t i = 0; i < calls_.size(); ++i) waiting.wait();
    return calls_;
  }

  std::int64_t stored(std::string_view counter) {
    return store_.counters.with([&](auto& counters) { return counters[std::string{counter}]; });
  }

  Calls calls_;
};

TEST_F(ManyAtOnce, IncrementsOfOneCounterShareStepsAndEachHasItsOwnValue) {
  for (int i = 0; i < 200; ++i) ask("a").by = i % 5 + 1;
  std::map<std::int64_t, std::int64_t> by_of_value;
  for (const auto& call : answers()) {
    ASSERT_EQ(call->outcome(), CallOutcome::done);
    EXPECT_TRUE(by_of_value.emplace(call->item(0).value, call->item(0).by).second) << call->item(0).value;
  }
  std::int64_t before = 0;
  for (const auto& [value, by] : by_of_value) {
    EXPECT_EQ(value - by, before);
    before = value;
  }
  EXPECT_EQ(stored("a"), before);
  EXPECT_LE(store_.steps, 2 * static_cast<int>(steps_of_a_counter_max));
}

TEST_F(ManyAtOnce, LimitLetsThroughExactlyWhatItAllows) {
  for (int i = 0; i < 100; ++i) ask("a").max = 61;
  std::vector<std::int64_t> given;
  for (const auto& call : answers()) {
    if (call->outcome() == CallOutcome::done) {
      given.push_back(call->item(0).value);
    } else {
      EXPECT_EQ(call->outcome(), CallOutcome::max_reached);
      EXPECT_EQ(call->item(0).value, 61);
    }
  }
  std::ranges::sort(given);
  ASSERT_EQ(given.size(), 61u);
  EXPECT_EQ(given.front(), 1);
  EXPECT_EQ(given.back(), 61);
  EXPECT_EQ(std::ranges::adjacent_find(given), given.end());
}

TEST_F(ManyAtOnce, DirectionsAndLimitsAreNotMixed) {
  for (int i = 0; i < 50; ++i) {
    ask("a").by = 2;
    ask("a").by = -1;
    ask("a").max = 1'000;
  }
  for (const auto& call : answers()) EXPECT_EQ(call->outcome(), CallOutcome::done);
  EXPECT_EQ(stored("a"), 50 * 2);
}

TEST_F(ManyAtOnce, SumThatIsNoNumberIsNotAskedFor) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < 20; ++i) ask("a").by = most / 2;
  int done = 0;
  for (const auto& call : answers()) done += call->outcome() == CallOutcome::done ? 1 : 0;
  EXPECT_EQ(done, 2);
  EXPECT_EQ(stored("a"), most / 2 * 2);
}

TEST_F(ManyAtOnce, CallsWithAnIdempotencyKeyGoAlone) {
  for (int i = 0; i < 50; ++i) {
    ask("a");
    calls_.back()->make_idempotent(std::to_string(i));
  }
  answers();
  EXPECT_EQ(store_.steps, 50);
}

// The store does not answer for the counter that all want; others are answered all the same.
class OneThatAllWant : public ManyAtOnce {
 protected:
  void check_others_are_answered(bool with_keys) {
    store_.slow_counter = "a";
    for (int i = 0; i < 50; ++i) {
      ask("a");
      if (with_keys) calls_.back()->make_idempotent(std::to_string(i));
    }
    for (int i = 0; i < 4; ++i) ask("b" + std::to_string(i));
    Waiting waiting;
    Waiting of_others;
    for (const auto& call : calls_) EXPECT_FALSE(call->start(call->name(0) == "a" ? waiting : of_others));
    counters_->flush();
    for (int i = 0; i < 4; ++i) of_others.wait();
    store_.gate.release(50);
    for (int i = 0; i < 50; ++i) waiting.wait();
    EXPECT_EQ(stored("a"), 50);
  }
};

TEST_F(OneThatAllWant, LeavesLinksToOthers) {
  check_others_are_answered(false);
}

TEST_F(OneThatAllWant, LeavesLinksToOthersWhenItsCallsHaveIdempotencyKeys) {
  check_others_are_answered(true);
}

TEST_F(ManyAtOnce, AnswerThatIsLostIsLostForAllAndNoneIsTriedAgain) {
  for (int i = 0; i < 50; ++i) ask("a");
  store_.loses_answers = true;
  int unknown = 0;
  for (const auto& call : answers()) {
    ASSERT_EQ(call->outcome(), CallOutcome::failed);
    // Those that were never sent, because so many links broke that the store counts as down, know it.
    unknown += call->error().code == ErrorCode::outcome_unknown ? 1 : 0;
  }
  EXPECT_GT(unknown, 0);
  EXPECT_EQ(stored("a"), unknown);
}

TEST_F(RemoteCountersTest, StoreThatIsDownIsNoticedOnceAndFoundAgain) {
  open(4);
  ASSERT_EQ(increment("a")->outcome(), CallOutcome::done);
  store_.reachable = false;
  wait_until_down();
  const int connects = store_.connects;
  for (int i = 0; i < 10'000; ++i) {
    const auto call = increment("a");
    ASSERT_EQ(call->outcome(), CallOutcome::failed);
    ASSERT_EQ(call->error().code, ErrorCode::unavailable);
  }
  EXPECT_LT(store_.connects - connects, 100);  // only the scout tries, with pauses
  store_.reachable = true;
  ASSERT_TRUE(wait_until_up());
  EXPECT_EQ(increment("a")->outcome(), CallOutcome::done);
}

TEST_F(RemoteCountersTest, LinkThatCannotConnectLeavesItsCallsToTheOthers) {
  store_.connects_max = 1;
  open(4);
  ASSERT_TRUE(wait_until_up());
  std::vector<std::unique_ptr<counter::CounterCall>> calls;
  Waiting waiting;
  for (int i = 0; i < 200; ++i) {
    calls.push_back(counters_->new_call());
    calls.back()->begin(CallKind::increment);
    calls.back()->add("a");
    ASSERT_FALSE(calls.back()->start(waiting));
    counters_->flush();
  }
  for (int i = 0; i < 200; ++i) waiting.wait();
  for (const auto& call : calls) EXPECT_EQ(call->outcome(), CallOutcome::done);
  EXPECT_TRUE(counters_->reachable());
}

TEST_F(RemoteCountersTest, StoreThatIsDownFromTheBeginningIsFoundWhenItComes) {
  store_.reachable = false;
  open(2);
  wait_until_down();
  store_.reachable = true;
  ASSERT_TRUE(wait_until_up());
  EXPECT_EQ(increment("a")->outcome(), CallOutcome::done);
}

TEST_F(RemoteCountersTest, LostAnswerIsNotTriedAgain) {
  open(1);
  store_.loses_answers = true;
  const auto call = increment("a");
  ASSERT_EQ(call->outcome(), CallOutcome::failed);
  EXPECT_EQ(call->error().code, ErrorCode::outcome_unknown);
  store_.loses_answers = false;
  EXPECT_EQ(increment("a")->item(0).value, 2);  // it was counted once
}

TEST_F(RemoteCountersTest, ReadHasNoUnknownOutcome) {
  open(1);
  store_.loses_answers = true;
  auto call = counters_->new_call();
  call->begin(CallKind::read);
  call->add("a");
  Waiting waiting;
  ASSERT_FALSE(call->start(waiting));
  counters_->flush();
  waiting.wait();
  ASSERT_EQ(call->outcome(), CallOutcome::failed);
  EXPECT_EQ(call->error().code, ErrorCode::unavailable);
}

TEST_F(RemoteCountersTest, WhatIsWaitingAtTheEndIsRefused) {
  open(1);
  ASSERT_EQ(increment("a")->outcome(), CallOutcome::done);
  store_.slow = true;
  std::vector<std::unique_ptr<counter::CounterCall>> calls;
  Waiting waiting;
  for (int i = 0; i < 3; ++i) {
    calls.push_back(counters_->new_call());
    calls.back()->begin(CallKind::increment);
    calls.back()->add("a");
    ASSERT_FALSE(calls.back()->start(waiting));
  }
  counters_->flush();
  store_.gate.release(3);
  counters_.reset();
  for (int i = 0; i < 3; ++i) waiting.wait();
  for (const auto& call : calls)
    EXPECT_TRUE(call->outcome() == CallOutcome::done || call->error().code == ErrorCode::unavailable);
}

TEST_F(RemoteCountersTest, MoreThanOneCounterACallIsRefused) {
  open(1);
  auto call = counters_->new_call();
  call->begin(CallKind::increment);
  call->add("a");
  call->add("b");
  Waiting waiting;
  ASSERT_TRUE(call->start(waiting));
  EXPECT_EQ(call->error().code, ErrorCode::invalid_argument);
}

TEST_F(RemoteCountersTest, MarkersTellRequestsApart) {
  open(1);
  const auto marker_of = [&](std::string_view key, std::string_view name, std::int64_t by) {
    auto call = counters_->new_call();
    call->begin(CallKind::increment);
    call->add(name).by = by;
    call->make_idempotent(key);
    Waiting waiting;
    if (!call->start(waiting)) {
      counters_->flush();
      waiting.wait();
    }
    const auto& remote = static_cast<const RemoteCall&>(*call);
    return std::pair{remote.marker(), remote.request_hash()};
  };
  const auto one = marker_of("k", "a", 1);
  EXPECT_EQ(one.first.size(), 64u);
  EXPECT_EQ(marker_of("k", "a", 1), one);
  EXPECT_EQ(marker_of("k", "a", 2).first, one.first);
  EXPECT_NE(marker_of("k", "a", 2).second, one.second);
  EXPECT_NE(marker_of("l", "a", 1).first, one.first);
}

}  // namespace
}  // namespace quipu::remote
