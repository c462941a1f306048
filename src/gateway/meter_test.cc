#include "gateway/meter.h"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>
#include <vector>

#include "table/temporary_tables.h"

namespace quipu::gateway {
namespace {

using Verdict = Admission::Verdict;

class Meters : public testing::Test {
 protected:
  void open() { usage_ = *UsageTable::open(t_.tables()); }
  // What a crash leaves: nothing is given back.
  void crash() {
    usage_.reset();
    t_.reopen();
    open();
  }
  void SetUp() override { open(); }

  std::shared_ptr<Meter> meter(const char* id = "k") { return std::make_shared<Meter>(*usage_, id, &plan_); }
  void set_quota(std::int64_t limit, Period period = Period::day) {
    plan_.set({.quota = Quota{.limit = limit, .period = period}});
  }
  // Waits where a connection would.
  static Admission admission(Meter& meter) {
    std::binary_semaphore woken{0};
    QuotaWait wait{[&] { woken.release(); }};
    for (;;) {
      const Admission admission = meter.admit(wait);
      if (admission.verdict != Verdict::later) return admission;
      woken.acquire();
    }
  }
  static int admitted(Meter& meter, int requests) {
    int count = 0;
    for (int i = 0; i < requests; ++i) count += admission(meter).verdict == Verdict::admitted ? 1 : 0;
    meter.wait_until_idle();
    return count;
  }
  static void limits_changed(Meter& meter) {
    Meter* const one = &meter;
    Meter::limits_changed({&one, 1});
  }
  std::int64_t taken(Period period = Period::day, const char* id = "k") {
    return *usage_->taken(id, period, window_of(period, t_.clock().wall_ms()));
  }

  table::TemporaryTables t_;
  std::unique_ptr<UsageTable> usage_;
  LivePlan plan_{"p"};
};

TEST_F(Meters, WithoutAPlanThereIsNoLimit) {
  Meter free{*usage_, "k", nullptr};
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(admission(free).verdict, Verdict::admitted);
}

TEST_F(Meters, ASmallQuotaIsExactAlsoAcrossCrashes) {
  set_quota(10);
  EXPECT_EQ(admitted(*meter(), 4), 4);
  crash();
  EXPECT_EQ(admitted(*meter(), 5), 5);
  crash();
  const auto last = meter();
  EXPECT_EQ(admitted(*last, 5), 1);
  EXPECT_EQ(admission(*last).verdict, Verdict::over_quota);
  EXPECT_EQ(taken(), 10);
}

TEST_F(Meters, ALargeQuotaIsTakenInBlocksAndNeverExceeded) {
  set_quota(5000);
  int used = 0;
  for (int crashes = 0; crashes < 5; ++crashes) {
    used += admitted(*meter(), 700);
    crash();
  }
  EXPECT_EQ(used, 3500);
  EXPECT_LE(taken(), 3500 + 5 * 2 * quota_block(5000)) << "a crash loses what was at hand, at most two blocks";
  used += admitted(*meter(), 5000);
  EXPECT_LE(used, 5000);
  EXPECT_GE(used, 5000 - 5 * 2 * quota_block(5000));
  EXPECT_EQ(taken(), 5000);
}

TEST_F(Meters, WithoutACrashAllOfALargeQuotaIsUsed) {
  set_quota(5001);
  int used = 0;
  for (int starts = 0; starts < 5; ++starts) {
    const auto one = meter();
    used += admitted(*one, 777);
    one->give_back();
    one->wait_until_idle();
    EXPECT_EQ(taken(), used);
  }
  const auto last = meter();
  EXPECT_EQ(used + admitted(*last, 5000), 5001);
}

TEST_F(Meters, ThreadsTogetherGetTheQuotaAndNoMore) {
  for (const std::int64_t limit : {100, 20'000}) {
    set_quota(limit);
    const auto shared = meter(limit == 100 ? "few" : "many");
    std::atomic<std::int64_t> count{0};
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
          for (int i = 0; i < limit / 3; ++i) count += admission(*shared).verdict == Verdict::admitted ? 1 : 0;
        });
    }
    shared->wait_until_idle();
    EXPECT_EQ(count, limit);
  }
}

// A connection that goes away while it waits is not called any more.
TEST_F(Meters, AWaitMayEndBeforeItsBlockIsThere) {
  set_quota(3);
  const auto one = meter();
  std::atomic<int> calls{0};
  for (int i = 0; i < 2; ++i) {
    QuotaWait wait{[&] { ++calls; }};
    EXPECT_EQ(one->admit(wait).verdict, Verdict::later);
  }
  const int calls_before = calls;
  one->wait_until_idle();
  EXPECT_EQ(calls, calls_before);
  EXPECT_EQ(admitted(*one, 5), 3) << "what nobody waited for is there for the next";
}

TEST_F(Meters, TheNextPeriodStartsAnew) {
  for (const Period period : {Period::day, Period::week, Period::month}) {
    set_quota(3, period);
    const auto one = meter(std::string{to_string(period)}.c_str());
    EXPECT_EQ(admitted(*one, 5), 3);
    const Window window = window_of(period, t_.clock().wall_ms());
    const std::int64_t left_s = (window.ends_ms - t_.clock().wall_ms() + 999) / 1000;
    EXPECT_EQ(admission(*one).retry_after_s, left_s);
    t_.clock().advance(std::chrono::milliseconds{window.ends_ms - t_.clock().wall_ms() - 1});
    EXPECT_EQ(admitted(*one, 1), 0) << "a millisecond too early";
    t_.clock().advance(std::chrono::milliseconds{1});
    EXPECT_EQ(admitted(*one, 5), 3);
  }
}

TEST_F(Meters, ABlockOfThePeriodBeforeIsNotUsedInTheNext) {
  set_quota(5000);
  const auto one = meter();
  admitted(*one, 10);
  t_.clock().advance(std::chrono::hours{24});
  EXPECT_EQ(admitted(*one, 6000), 5000);
}

// Or whoever may set the clock of a machine has the quota twice.
TEST_F(Meters, AClockThatIsPutBackOpensNoPeriodAgain) {
  set_quota(3);
  t_.clock().advance(std::chrono::hours{24});
  EXPECT_EQ(admitted(*meter(), 5), 3);
  t_.clock().advance(std::chrono::hours{-24});
  EXPECT_EQ(admitted(*meter(), 5), 0);
}

// And whoever had a wrong clock for an hour is not without service for years.
TEST_F(Meters, AClockThatWasYearsAheadCountsInThePeriodThatIsNow) {
  constexpr std::chrono::hours years{10 * 365 * 24};
  set_quota(5);
  {
    t_.clock().advance(years);
    const auto one = meter();
    EXPECT_EQ(admitted(*one, 2), 2);
    t_.clock().advance(-years);
    EXPECT_EQ(admitted(*one, 5), 3) << "what was taken counts";
    t_.clock().advance(std::chrono::hours{24});
    EXPECT_EQ(admitted(*one, 10), 5);
    t_.clock().advance(years);
    EXPECT_EQ(admitted(*one, 2), 2);
  }
  crash();
  t_.clock().advance(-years);
  EXPECT_EQ(admitted(*meter(), 10), 3);
  crash();
  t_.clock().advance(std::chrono::hours{24});
  EXPECT_EQ(admitted(*meter(), 10), 5);
}

TEST_F(Meters, AChangedQuotaHoldsAtOnce) {
  set_quota(5000);
  const auto one = meter();
  EXPECT_EQ(admitted(*one, 60), 60);
  set_quota(70);
  limits_changed(*one);
  EXPECT_EQ(admitted(*one, 60), 10) << "what was used counts, what was at hand came back";
  set_quota(100);
  limits_changed(*one);
  EXPECT_EQ(admitted(*one, 60), 30);
  set_quota(100, Period::month);
  limits_changed(*one);
  EXPECT_EQ(admitted(*one, 200), 100) << "another kind of period counts for itself";
  plan_.set({});
  limits_changed(*one);
  EXPECT_EQ(admitted(*one, 200), 200);
}

// Requests go on while the limits change, and whatever a request was about to do then, no block is lost.
TEST_F(Meters, NothingIsLostWhileLimitsChange) {
  set_quota(1'000'000'000);
  const auto one = meter();
  std::atomic<std::int64_t> used{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) used += admission(*one).verdict == Verdict::admitted ? 1 : 0;
      });
    for (int changes = 0; changes < 100; ++changes) {
      const std::int64_t used_before = used;
      while (used == used_before) std::this_thread::yield();
      set_quota(1'000'000'000 - changes);
      limits_changed(*one);
    }
  }
  one->wait_until_idle();
  one->give_back();
  one->wait_until_idle();
  EXPECT_EQ(taken(), used);
}

TEST_F(Meters, ARefusalForTheRateUsesNoQuota) {
  plan_.set({.rate_thousandths = 1, .burst = 5, .quota = Quota{.limit = 100, .period = Period::day}});
  const auto one = meter();
  EXPECT_EQ(admitted(*one, 20), 5);
  const Admission refused = admission(*one);
  EXPECT_EQ(refused.verdict, Verdict::over_rate);
  EXPECT_NEAR(static_cast<double>(refused.retry_after_s), 1000, 5);
  EXPECT_EQ(taken(), 5);
}

}  // namespace
}  // namespace quipu::gateway
