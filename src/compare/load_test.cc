#include "compare/load.h"

#include <gtest/gtest.h>

#include <thread>

namespace quipu::compare {
namespace {

using counter::CounterCall;

// Refuses the calls of its first clients at once. Those of the others it answers, from another thread.
class HalfDownStore final : public counter::CounterStore {
 public:
  explicit HalfDownStore(unsigned refused) : refused_{refused} {}
  std::unique_ptr<CounterCall> new_call() override { return std::make_unique<Call>(made_++ < refused_); }
  void flush() override {}

 private:
  class Call final : public CounterCall {
   public:
    explicit Call(bool is_refused) : is_refused_{is_refused} {}

    bool start(Completion& completion) override {
      if (is_refused_) {
        fail_with({ErrorCode::unavailable, "it is down"});
        return true;
      }
      answer_ = std::jthread{[this, &completion] { completion.completed(*this); }};
      return false;
    }

   private:
    const bool is_refused_;
    std::jthread answer_;
  };

  const unsigned refused_;
  unsigned made_ = 0;
};

LoadResult load(unsigned refused, unsigned clients, std::uint64_t calls_max, std::chrono::milliseconds duration) {
  HalfDownStore store{refused};
  LoadOptions options{.counters = {"a"}, .clients = clients, .duration = duration};
  options.calls_max = calls_max;
  return run_load(store, options);
}

// It was asked a million times a second, and each refusal was kept: gigabytes in a minute.
TEST(Load, AStoreThatRefusesIsAskedWithPausesAndItsRefusalsAreOnlyCounted) {
  constexpr unsigned clients = 4;
  const LoadResult result = load(clients, clients, 1'000'000, std::chrono::milliseconds{100});
  EXPECT_GE(result.failed, clients);
  EXPECT_LE(result.failed, clients * 101U) << "a millisecond between two calls of a client";
  EXPECT_EQ(result.first_error, "it is down");
  EXPECT_TRUE(result.operations.empty());
}

// A client that is refused must not keep the others from being asked and answered.
TEST(Load, OthersAreAnsweredWhileOneIsRefused) {
  const LoadResult result = load(1, 2, 20, std::chrono::minutes{1});  // the calls end it
  EXPECT_GT(result.done, 0U);
  EXPECT_GT(result.failed, 0U);
  EXPECT_EQ(result.done + result.failed, 20U);
  EXPECT_EQ(result.operations.size(), result.done);
}

}  // namespace
}  // namespace quipu::compare
