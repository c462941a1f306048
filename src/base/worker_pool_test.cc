#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

namespace quipu {
namespace {

// Stopping must not drop what somebody waits for.
TEST(WorkerPool, DoesWhatIsQueuedBeforeItStops) {
  std::atomic<int> done{0};
  {
    WorkerPool pool{2, 1000};
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(pool.submit([&] { ++done; }));
  }
  EXPECT_EQ(done, 1000);
}

// What a task uses may be destroyed before the pool, but not before stop() has returned.
TEST(WorkerPool, AfterAStopNothingIsUnderWayAndNothingBegins) {
  std::binary_semaphore started{0};
  std::binary_semaphore go_on{0};
  WorkerPool pool{2, 10};
  std::atomic<int> done{0};
  ASSERT_TRUE(pool.submit([&] {
    started.release();
    go_on.acquire();
    ++done;
  }));
  started.acquire();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(pool.submit([&] { ++done; }));
  go_on.release();
  pool.stop();
  EXPECT_EQ(done, 6);
  EXPECT_FALSE(pool.submit([&] { ++done; }));
  pool.stop();
  EXPECT_EQ(done, 6);
}

TEST(WorkerPool, RefusesWhatDoesNotFitInItsQueue) {
  std::binary_semaphore started{0};
  std::binary_semaphore go_on{0};
  WorkerPool pool{1, 2};
  ASSERT_TRUE(pool.submit([&] {
    started.release();
    go_on.acquire();
  }));
  started.acquire();
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_FALSE(pool.submit([] {}));
  go_on.release();
}

}  // namespace
}  // namespace quipu
