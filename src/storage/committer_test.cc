#include "storage/committer.h"

#include <algorithm>
#include <semaphore>
#include <thread>

#include "storage/test_support.h"

namespace quipu::storage {
namespace {

class CommitterTest : public ::testing::Test {
 protected:
  TemporaryDirectory temporary_;
  std::unique_ptr<Store> store_ = open_or_fail({.directory = temporary_.data()});
};

std::string read(WriteGroup& group, std::string_view key) {
  std::string_view value;
  const auto found = group.get(key, value);
  if (!found) return "(error)";
  return *found ? std::string{value} : "(absent)";
}

// Holds the committer in its first write, so that a test can queue up a group behind it.
class Gate {
 public:
  explicit Gate(Committer& committer) {
    committer.submit(write_);
    entered_.acquire();
  }
  ~Gate() {
    open();
    write_.wait();
  }
  void open() {
    if (!opened_) leave_.release();
    opened_ = true;
  }

 private:
  std::binary_semaphore entered_{0};
  std::binary_semaphore leave_{0};
  bool opened_ = false;
  TestWrite write_{[this](WriteGroup&) {
    entered_.release();
    leave_.acquire();
  }};
};

TEST_F(CommitterTest, WritesOfAGroupSeeEachOtherInOrder) {
  Committer committer{*store_, {}};
  std::vector<std::unique_ptr<TestWrite>> writes;
  {
    Gate gate{committer};
    for (int i = 0; i < 100; ++i) {
      writes.push_back(std::make_unique<TestWrite>([i](WriteGroup& group) {
        EXPECT_EQ(read(group, "counter"), i == 0 ? "(absent)" : std::to_string(i - 1));
        group.put("counter", std::to_string(i));
      }));
      committer.submit(*writes.back());
    }
  }
  for (auto& write : writes) EXPECT_EQ(write->wait(), Committed::durable);
  EXPECT_EQ(value_of(*store_, "counter"), "99");
  // One row for the hundred writes of the hot key.
  EXPECT_EQ(store_->figures().last_sequence, 1u);
  EXPECT_EQ(committer.figures().rows.value(), 1u);
}

TEST_F(CommitterTest, RollBackLeavesNoTrace) {
  Committer committer{*store_, {}};
  ASSERT_EQ(put(committer, "old", "1"), Committed::durable);
  const Committed outcome = commit(committer, [](WriteGroup& group) {
    group.put("kept", "1");
    const auto mark = group.mark();
    group.put("kept", "2");
    group.put("new", "2");
    group.erase("old");
    group.put("kept", "3");
    EXPECT_EQ(read(group, "old"), "(absent)");
    group.roll_back(mark);
    EXPECT_EQ(read(group, "kept"), "1");
    EXPECT_EQ(read(group, "new"), "(absent)");
    EXPECT_EQ(read(group, "old"), "1");
  });
  EXPECT_EQ(outcome, Committed::durable);
  EXPECT_EQ(value_of(*store_, "kept"), "1");
  EXPECT_EQ(value_of(*store_, "new"), "(absent)");
  EXPECT_EQ(value_of(*store_, "old"), "1");
}

// A key that was put and rolled back before it was ever read is not known to be absent.
TEST_F(CommitterTest, RolledBackPutDoesNotHideTheDurableRow) {
  Committer committer{*store_, {}};
  ASSERT_EQ(put(committer, "key", "durable"), Committed::durable);
  commit(committer, [](WriteGroup& group) {
    const auto mark = group.mark();
    group.put("key", "other");
    group.roll_back(mark);
    EXPECT_EQ(read(group, "key"), "durable");
    group.put("key", "second");
    EXPECT_EQ(read(group, "key"), "second");
  });
  EXPECT_EQ(value_of(*store_, "key"), "second");
}

TEST_F(CommitterTest, ErasedRowIsGoneForTheGroupAndForGood) {
  Committer committer{*store_, {}};
  ASSERT_EQ(put(committer, "key", "value"), Committed::durable);
  commit(committer, [](WriteGroup& group) {
    group.erase("key");
    EXPECT_EQ(read(group, "key"), "(absent)");
  });
  EXPECT_EQ(value_of(*store_, "key"), "(absent)");
}

TEST_F(CommitterTest, ViewOfAValueOutlivesFurtherReads) {
  Committer committer{*store_, {}};
  ASSERT_EQ(put(committer, "key", "v"), Committed::durable);
  commit(committer, [](WriteGroup& group) {
    std::string_view value;
    ASSERT_TRUE(group.get("key", value).value());
    for (int i = 0; i < 10'000; ++i) read(group, "absent" + std::to_string(i));
    EXPECT_EQ(value, "v");
  });
}

std::uint64_t observations(const Histogram& histogram) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= Histogram::buckets; ++i) sum += histogram.bucket(i);
  return sum;
}

TEST_F(CommitterTest, GroupWithoutChangesNeedsNoSync) {
  Committer committer{*store_, {}};
  EXPECT_EQ(commit(committer, [](WriteGroup& group) { read(group, "key"); }), Committed::durable);
  EXPECT_EQ(observations(committer.figures().sync_microseconds), 0u);
  EXPECT_EQ(put(committer, "key", "value"), Committed::durable);
  EXPECT_EQ(observations(committer.figures().sync_microseconds), 1u);
}

TEST_F(CommitterTest, QueueBeyondItsLimitIsRefusedNewestFirst) {
  Committer committer{*store_, {}, {.writes_queued_max = 10}};
  std::vector<std::unique_ptr<TestWrite>> writes;
  {
    Gate gate{committer};
    for (int i = 0; i < 15; ++i) {
      writes.push_back(
          std::make_unique<TestWrite>([i](WriteGroup& group) { group.put("key" + std::to_string(i), "value"); }));
      committer.submit(*writes.back());
    }
  }
  for (std::size_t i = 0; i < writes.size(); ++i) {
    EXPECT_EQ(writes[i]->wait(), i < 10 ? Committed::durable : Committed::unavailable) << i;
    EXPECT_EQ(value_of(*store_, "key" + std::to_string(i)), i < 10 ? "value" : "(absent)");
  }
  EXPECT_EQ(committer.figures().refused_queue_full.value(), 5u);
}

TEST_F(CommitterTest, GroupIsBoundedInWritesAndBytes) {
  Committer committer{*store_, {}, {.group_writes_max = 8, .group_bytes_max = 1'000}};
  std::vector<std::unique_ptr<TestWrite>> writes;
  {
    Gate gate{committer};
    for (int i = 0; i < 32; ++i) {
      writes.push_back(std::make_unique<TestWrite>(
          [i](WriteGroup& group) { group.put("key" + std::to_string(i), std::string(i < 16 ? 10 : 600, 'x')); }));
      committer.submit(*writes.back());
    }
  }
  for (auto& write : writes) EXPECT_EQ(write->wait(), Committed::durable);
  // The gate's own group, 16 small writes by eights, 16 large ones by twos.
  EXPECT_EQ(committer.figures().groups.value(), 1u + 2u + 8u);
}

TEST_F(CommitterTest, WhatEndsItsGroupIsFinishedBeforeTheNextIsDecided) {
  Committer committer{*store_, {}};
  TestWrite before{[](WriteGroup& group) { group.put("key", "1"); }};
  TestWrite last{[&](WriteGroup& group) {
                   EXPECT_FALSE(before.done());
                   EXPECT_EQ(read(group, "key"), "1");
                   group.put("key", "2");
                 },
                 TestWrite::Kind::ends_group};
  TestWrite after{[&](WriteGroup& group) {
    EXPECT_TRUE(last.done());
    EXPECT_EQ(read(group, "key"), "2");
  }};
  {
    Gate gate{committer};
    for (TestWrite* write : {&before, &last, &after}) committer.submit(*write);
  }
  EXPECT_EQ(after.wait(), Committed::durable);
}

TEST_F(CommitterTest, WhatIsQueuedAtTheEndIsStillCommitted) {
  std::vector<std::unique_ptr<TestWrite>> writes;
  {
    Committer committer{*store_, {}};
    for (int i = 0; i < 1'000; ++i) {
      writes.push_back(
          std::make_unique<TestWrite>([i](WriteGroup& group) { group.put("key" + std::to_string(i), "value"); }));
      committer.enqueue(*writes.back());  // and nobody wakes it
    }
  }
  for (auto& write : writes) EXPECT_TRUE(write->done() && write->wait() == Committed::durable);
}

// Increments one counter as fast as it can, submitting itself again from finish().
class Incrementer final : public Write {
 public:
  Incrementer(Committer& committer, std::uint64_t times) : committer_{committer}, left_{times} {}

  void apply(WriteGroup& group) override {
    const std::string before = read(group, "counter");
    value_ = before == "(absent)" ? 1 : std::stoull(before) + 1;
    group.put("counter", std::to_string(value_));
  }
  void finish(Committed outcome) noexcept override {
    EXPECT_EQ(outcome, Committed::durable);
    values.push_back(value_);
    if (--left_ > 0) return committer_.enqueue(*this);  // the committer is awake: it is running this
    done.release();
  }

  std::vector<std::uint64_t> values;
  std::binary_semaphore done{0};

 private:
  Committer& committer_;
  std::uint64_t left_;
  std::uint64_t value_ = 0;
};

TEST_F(CommitterTest, CrowdOnOneKeyGetsEveryNumberOnce) {
  constexpr std::uint64_t each = 200, crowd = 32;
  Committer committer{*store_, {}};
  std::vector<std::unique_ptr<Incrementer>> incrementers;
  for (std::uint64_t i = 0; i < crowd; ++i) incrementers.push_back(std::make_unique<Incrementer>(committer, each));
  {
    std::vector<std::jthread> threads;
    for (auto& incrementer : incrementers) threads.emplace_back([&] { committer.submit(*incrementer); });
  }
  std::vector<std::uint64_t> all;
  for (auto& incrementer : incrementers) {
    incrementer->done.acquire();
    EXPECT_TRUE(std::ranges::is_sorted(incrementer->values));
    all.insert(all.end(), incrementer->values.begin(), incrementer->values.end());
  }
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), each * crowd);
  for (std::uint64_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i + 1);
  EXPECT_EQ(value_of(*store_, "counter"), std::to_string(each * crowd));
}

// Single writes from several threads, each waiting for its own: every one has to wake the committer from sleep.
TEST_F(CommitterTest, NoWakeUpIsLost) {
  Committer committer{*store_, {}};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 500; ++i) {
        const auto outcome = commit(committer, [&](WriteGroup& group) {
          if (i % 8 == 0) group.put(std::to_string(thread), std::to_string(i));
        });
        ASSERT_EQ(outcome, Committed::durable);
      }
    });
  }
}

}  // namespace
}  // namespace quipu::storage
