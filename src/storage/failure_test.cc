// What the committer tells its clients when the disk fails, and that it stops at once where nobody can know more.
#include <sys/mount.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/random.h"
#include "storage/test_support.h"

namespace quipu::storage {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Failure : public ::testing::Test {
 protected:
  // The number of calls that a fault must skip to hit the first one of a write after opening.
  std::uint64_t calls_to_open(const std::string& which) {
    for (std::uint64_t at = 1;; ++at) {
      const TemporaryDirectory scratch;
      const fs::path report = scratch.path() / "fired";
      const auto disk = fmt::format("fault:at={},calls={},report={}", at, which, report.string());
      const auto store = Store::open({.directory = scratch.data(), .simulated_disk = disk});
      if (!fs::exists(report)) return at;
    }
  }

  const QuietLog quiet_;
  const TemporaryDirectory temporary_;
  const fs::path report_ = temporary_.path() / "fired";
};

// One EIO on the log's sync: whoever was in the group must not know, and the disk must not be asked again.
TEST_F(Failure, FailedSyncLatchesAndIsReportedOnce) {
  const std::uint64_t first_sync = calls_to_open("sync");
  const auto disk = fmt::format("fault:at={},calls=sync,for=once,report={}", first_sync, report_.string());
  const auto store = open_or_fail({.directory = temporary_.data(), .simulated_disk = disk});
  std::atomic<int> reports{0};
  Error reported{};
  {
    Committer committer{*store, [&](const Error& why) {
                          reported = why;
                          ++reports;
                        }};
    EXPECT_EQ(put(committer, "key", "value"), Committed::unknown);
    ASSERT_TRUE(read_file(report_).starts_with("sync ")) << read_file(report_);
    EXPECT_EQ(put(committer, "key", "value"), Committed::unavailable);
    EXPECT_EQ(commit(committer, [](WriteGroup&) {}), Committed::unavailable);
    EXPECT_EQ(value_of(*store, "key"), "(absent)");
    EXPECT_TRUE(store->figures().writes_stopped);
    EXPECT_EQ(committer.figures().unknown.value(), 1u);
  }
  EXPECT_EQ(reports, 1);
  EXPECT_NE(reported.message.find("simulated"), std::string::npos) << reported.message;
}

TEST_F(Failure, WatermarkThatCannotBeSyncedStopsAnIdleStoreToo) {
  const std::uint64_t first_sync = calls_to_open("sync");
  // The syncs of a first commit: the log and its directory. Then, within 100 ms, the watermark's.
  const auto disk = fmt::format("fault:at={},calls=sync,for=once,report={}", first_sync + 2, report_.string());
  const auto store = open_or_fail({.directory = temporary_.data(), .simulated_disk = disk});
  std::atomic<int> reports{0};
  Committer committer{*store, [&](const Error&) { ++reports; }};
  EXPECT_EQ(put(committer, "key", "value"), Committed::durable);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (reports == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(reports, 1);
  EXPECT_TRUE(read_file(report_).ends_with("WATERMARK\n")) << read_file(report_);
  EXPECT_EQ(put(committer, "key", "other"), Committed::unavailable);
}

TEST_F(Failure, BelowTheFloorNothingIsWritten) {
  const auto store = open_or_fail({.directory = temporary_.data(), .free_space_floor_bytes = std::uint64_t{1} << 60});
  Committer committer{*store, {}};
  EXPECT_EQ(put(committer, "key", "value"), Committed::no_space);
  EXPECT_EQ(value_of(*store, "key"), "(absent)");
  EXPECT_EQ(committer.figures().refused_no_space.value(), 1u);
}

// Between the floor and half of it, whatever else the disk is used for.
TEST_F(Failure, BelowTheFloorWhatFreesSpaceIsWritten) {
  const auto floor = fs::space(temporary_.path()).available / 3 * 4;
  const auto store = open_or_fail({.directory = temporary_.data(), .free_space_floor_bytes = floor});
  Committer committer{*store, {}};
  std::vector<std::unique_ptr<TestWrite>> writes;
  for (int i = 0; i < 6; ++i) {
    const auto kind = i % 3 == 0 ? TestWrite::Kind::plain : TestWrite::Kind::may_use_reserve;
    writes.push_back(
        std::make_unique<TestWrite>([i](WriteGroup& group) { group.put("key" + std::to_string(i), "value"); }, kind));
  }
  for (const auto& write : writes) committer.enqueue(*write);
  committer.wake();
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(writes[i]->wait(), i % 3 == 0 ? Committed::no_space : Committed::durable) << i;
    EXPECT_EQ(value_of(*store, "key" + std::to_string(i)), i % 3 == 0 ? "(absent)" : "value") << i;
  }
  EXPECT_EQ(committer.figures().refused_no_space.value(), 2u);
  EXPECT_TRUE(store->figures().writes_stopped);
}

TEST_F(Failure, FarBelowTheFloorNothingIsWrittenWhateverItIs) {
  const auto store = open_or_fail({.directory = temporary_.data(), .free_space_floor_bytes = std::uint64_t{1} << 60});
  Committer committer{*store, {}};
  EXPECT_EQ(commit(
                committer, [](WriteGroup& group) { group.erase("key"); }, TestWrite::Kind::may_use_reserve),
            Committed::no_space);
}

// Until it is durable again; the longest that RocksDB's own recovery takes is about five seconds.
Committed put_until_durable(Committer& committer, std::string_view key, std::string_view value) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  Committed outcome = put(committer, key, value);
  while (outcome != Committed::durable && std::chrono::steady_clock::now() < deadline) {
    EXPECT_EQ(outcome, Committed::no_space);
    std::this_thread::sleep_for(10ms);  // the wait of a client that was told 503
    outcome = put(committer, key, value);
  }
  return outcome;
}

TEST_F(Failure, LogWithoutSpaceSuspendsWritesAndGoesOnByItself) {
  const std::uint64_t first_call = calls_to_open("any");
  // A first commit: append, sync, sync of the directory, watermark, and a while later its sync. Then the next append.
  const auto disk = fmt::format("fault:at={},kind=enospc,for=once,report={}", first_call + 5, report_.string());
  {
    const auto store = open_or_fail({.directory = temporary_.data(), .simulated_disk = disk});
    std::atomic<int> failures{0};
    Committer committer{*store, [&](const Error&) { ++failures; }};
    const std::uint64_t watermark_before = store->figures().watermark_sequence;
    ASSERT_EQ(put(committer, "first", "1"), Committed::durable);
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (store->figures().watermark_sequence == watermark_before && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    EXPECT_EQ(put(committer, "second", "2"), Committed::unknown);
    ASSERT_TRUE(read_file(report_).starts_with("append ")) << read_file(report_);
    EXPECT_EQ(value_of(*store, "first"), "1");
    EXPECT_EQ(put_until_durable(committer, "third", "3"), Committed::durable);
    EXPECT_FALSE(store->figures().writes_stopped);
    EXPECT_EQ(failures, 0);
  }
  const auto store = open_or_fail({.directory = temporary_.data()});
  EXPECT_EQ(value_of(*store, "first"), "1");
  EXPECT_EQ(value_of(*store, "third"), "3");
}

// RocksDB makes a new log only when the memtable has rows; without any, it would go on with the broken one.
TEST_F(Failure, LogWithoutSpaceForTheFirstRowOfAllIsAFailure) {
  const std::uint64_t first_call = calls_to_open("any");
  const auto disk = fmt::format("fault:at={},kind=enospc,for=once,report={}", first_call, report_.string());
  const auto store = open_or_fail({.directory = temporary_.data(), .simulated_disk = disk});
  Committer committer{*store, {}};
  EXPECT_EQ(put(committer, "key", "value"), Committed::unknown);
  ASSERT_TRUE(read_file(report_).starts_with("append ")) << read_file(report_);
  EXPECT_EQ(put(committer, "key", "value"), Committed::unavailable);
}

// A file system of its own, really full.
class FullDisk : public Failure {
 protected:
  void SetUp() override {
    fs::create_directories(mount_);
    if (::mount("tmpfs", mount_.c_str(), "tmpfs", 0, "size=24m") != 0) GTEST_SKIP() << "mounting is not permitted";
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_ && ::umount2(mount_.c_str(), MNT_DETACH) != 0) ADD_FAILURE() << "cannot unmount " << mount_;
  }

  // Takes the disk's space until so much is left.
  void fill_up_to(std::uint64_t left_bytes) {
    const std::uint64_t free_bytes = fs::space(mount_).available;
    ASSERT_GT(free_bytes, left_bytes);
    write_file(filler_, std::string(free_bytes - left_bytes, 'x'));
  }

  const fs::path mount_ = temporary_.path() / "small";
  const fs::path filler_ = mount_ / "filler";
  bool mounted_ = false;
};

TEST_F(FullDisk, WritesAreRefusedBelowTheFloorAndGoOnAboveIt) {
  const auto store =
      open_or_fail({.directory = mount_ / "data", .write_buffer_bytes = 1_MiB, .free_space_floor_bytes = 8_MiB});
  Committer committer{*store, {}};
  ASSERT_EQ(put(committer, "before", "1"), Committed::durable);
  fill_up_to(4_MiB);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  Committed outcome = Committed::durable;
  while (outcome == Committed::durable && std::chrono::steady_clock::now() < deadline) {
    outcome = put(committer, "during", "1");
  }
  EXPECT_EQ(outcome, Committed::no_space);
  EXPECT_EQ(value_of(*store, "before"), "1");
  fs::remove(filler_);
  EXPECT_EQ(put_until_durable(committer, "after", "1"), Committed::durable);
}

TEST_F(FullDisk, FullDiskLosesNothingAcknowledged) {
  const auto value = [](int i) {  // does not compress
    SeededRandom random{static_cast<std::uint64_t>(i)};
    std::string bytes(100'000, '\0');
    std::ranges::generate(bytes, [&] { return static_cast<char>(random() & 0xff); });
    return bytes;
  };
  int written = 0;
  {
    const auto store =
        open_or_fail({.directory = mount_ / "data", .write_buffer_bytes = 1_MiB, .free_space_floor_bytes = 0});
    Committer committer{*store, {}};
    while (put(committer, "row" + std::to_string(written), value(written)) == Committed::durable) {
      ++written;
      ASSERT_LT(written, 10'000);
    }
    EXPECT_TRUE(value_of(*store, "row0") == value(0));
  }
  ASSERT_EQ(::mount("tmpfs", mount_.c_str(), "tmpfs", MS_REMOUNT, "size=200m"), 0);
  const auto store = open_or_fail({.directory = mount_ / "data", .free_space_floor_bytes = 0});
  ASSERT_NE(store, nullptr);
  for (int i = 0; i < written; ++i) EXPECT_TRUE(value_of(*store, "row" + std::to_string(i)) == value(i)) << i;
  EXPECT_GT(written, 50);
  Committer committer{*store, {}};
  EXPECT_EQ(put(committer, "after", "1"), Committed::durable);
}

}  // namespace
}  // namespace quipu::storage
