#include "gateway/bucket.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/random.h"

namespace quipu::gateway {
namespace {

constexpr std::int64_t second = 1'000'000'000;

TEST(Bucket, ABurstAndThenTheRate) {
  Bucket bucket;
  const RateLimit limit{.interval_ns = second / 10, .burst = 5};
  std::int64_t now = 1000 * second;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.take(limit, now), 0);
  EXPECT_EQ(bucket.take(limit, now), second / 10) << "it says how long to wait";
  now += second / 10 - 1;
  EXPECT_EQ(bucket.take(limit, now), 1);
  now += 1;
  EXPECT_EQ(bucket.take(limit, now), 0);
  EXPECT_NE(bucket.take(limit, now), 0);
  now += 100 * second;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.take(limit, now), 0) << "a long rest fills it, but not beyond its burst";
  EXPECT_NE(bucket.take(limit, now), 0);
}

// The promise: in any window of time t at most burst + rate * t.
TEST(Bucket, NoWindowHasMoreThanBurstAndRate) {
  SeededRandom random{7};
  for (int round = 0; round < 20; ++round) {
    Bucket bucket;
    const RateLimit limit{.interval_ns = static_cast<std::int64_t>(1 + random.below(1'000'000)),
                          .burst = static_cast<std::int64_t>(1 + random.below(50))};
    std::vector<std::int64_t> taken;
    std::int64_t now = 5 * second;
    for (int i = 0; i < 600; ++i) {
      now += static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(limit.interval_ns) * (i % 3) + 1));
      if (bucket.take(limit, now) == 0) taken.push_back(now);
    }
    for (std::size_t first = 0; first < taken.size(); ++first)
      for (std::size_t last = first; last < taken.size(); ++last)
        ASSERT_LE(static_cast<std::int64_t>(last - first + 1),
                  limit.burst + (taken[last] - taken[first]) / limit.interval_ns);
  }
}

TEST(Bucket, ThreadsShareIt) {
  Bucket bucket;
  const RateLimit limit{.interval_ns = second, .burst = 1000};
  std::atomic<int> taken{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) taken += bucket.take(limit, second) == 0 ? 1 : 0;
      });
  }
  EXPECT_EQ(taken, 1000);
}

TEST(Bucket, ANewLimitForgetsTheDebtOfTheOldOne) {
  Bucket bucket;
  const RateLimit slow{.interval_ns = 1000 * second, .burst = 5};
  const RateLimit fast{.interval_ns = second / 10, .burst = 5};
  while (bucket.take(slow, second) == 0) {
  }
  bucket.limit_changed(fast, second);
  EXPECT_EQ(bucket.take(fast, second), second / 10) << "empty";
  EXPECT_EQ(bucket.take(fast, second + second / 10), 0);
}

}  // namespace
}  // namespace quipu::gateway
