#include "storage/log_scan.h"

#include <algorithm>

#include "storage/test_support.h"

namespace quipu::storage {
namespace {

namespace fs = std::filesystem;

// A log as RocksDB writes it, with batches that span several of its 32 KiB blocks.
class LogScanTest : public ::testing::Test {
 protected:
  static constexpr int batches = 60;

  void SetUp() override {
    const auto store = open_or_fail({.directory = temporary_.data()});
    Committer committer{*store, {}};
    for (int i = 0; i < batches; ++i) {
      ends_.push_back(log_size());
      const std::string value(static_cast<std::size_t>(i % 7 == 3 ? 100'000 : i * 300),
                              static_cast<char>('a' + i % 26));
      ASSERT_EQ(commit(committer,
                       [&](WriteGroup& group) {
                         group.put("key", value);
                         group.put("key" + std::to_string(i), value);
                       }),
                Committed::durable);
    }
    bytes_ = read_file(log()).substr(0, log_size());
  }

  fs::path log() const {
    for (const auto& entry : fs::directory_iterator{temporary_.data() / "rows"}) {
      if (entry.path().extension() == ".log") return entry.path();
    }
    return {};
  }
  std::size_t log_size() const { return scan_log(read_file(log())).good_bytes; }  // without unwritten space

  const TemporaryDirectory temporary_;
  std::string bytes_;
  std::vector<std::size_t> ends_;  // of the log before each batch
};

TEST_F(LogScanTest, ReadsAWholeLog) {
  const LogScan scan = scan_log(bytes_);
  EXPECT_FALSE(scan.torn);
  EXPECT_FALSE(scan.damaged);
  EXPECT_EQ(scan.batches, static_cast<std::uint64_t>(batches));
  EXPECT_EQ(scan.last_sequence, 2u * batches);
  EXPECT_EQ(scan.good_bytes, bytes_.size());
}

TEST_F(LogScanTest, UnwrittenSpaceAfterTheBatchesIsNoTear) {
  const LogScan scan = scan_log(bytes_ + std::string(70'000, '\0'));
  EXPECT_FALSE(scan.torn);
  EXPECT_EQ(scan.batches, static_cast<std::uint64_t>(batches));
  EXPECT_EQ(scan.good_bytes, bytes_.size());
  EXPECT_TRUE(scan_log(std::string(70'000, '\0')).torn);
}

TEST_F(LogScanTest, EveryCutIsATornTailAtTheLastWholeBatch) {
  for (std::size_t size = 0; size < bytes_.size(); size += 1 + size % 6'131) {
    const LogScan scan = scan_log(std::string_view{bytes_}.substr(0, size));
    const auto whole = static_cast<std::uint64_t>(std::ranges::upper_bound(ends_, size) - ends_.begin() - 1);
    EXPECT_FALSE(scan.damaged) << size;
    EXPECT_EQ(scan.batches, whole) << size;
    EXPECT_EQ(scan.last_sequence, 2 * whole) << size;
    EXPECT_TRUE(!scan.torn || scan.good_bytes == ends_[whole]) << size;
  }
}

TEST_F(LogScanTest, EveryFlippedBitBeforeTheLastBatchIsDamageAtItsBatch) {
  for (std::size_t at = 0; at < ends_.back(); at += 1 + at % 9'973) {
    std::string damaged = bytes_;
    damaged[at] ^= 4;
    const LogScan scan = scan_log(damaged);
    const auto whole = static_cast<std::uint64_t>(std::ranges::upper_bound(ends_, at) - ends_.begin() - 1);
    EXPECT_TRUE(scan.torn && scan.damaged) << at;
    EXPECT_EQ(scan.batches, whole) << at;
    EXPECT_EQ(scan.good_bytes, ends_[whole]) << at;
  }
}

TEST_F(LogScanTest, AFlippedBitInABatchsHeaderIsDamage) {
  for (const std::size_t batch : {std::size_t{1}, std::size_t{10}, std::size_t{17}, std::size_t{40}}) {
    for (std::size_t at = ends_[batch]; at < ends_[batch] + 19; ++at) {  // its record's header, and its own
      std::string damaged = bytes_;
      damaged[at] ^= 1;
      EXPECT_TRUE(scan_log(damaged).damaged) << batch << " at " << at - ends_[batch];
    }
  }
}

// A client's value may be anything, records of a log too.
TEST_F(LogScanTest, ATornBatchWhoseValuesAreRecordsIsATornTail) {
  const std::string record = bytes_.substr(0, ends_[1]);  // right, and of this very log
  std::string value;
  while (value.size() < 90'000) value += record;
  {
    const auto store = open_or_fail({.directory = temporary_.path() / "other"});
    Committer committer{*store, {}};
    ASSERT_EQ(put(committer, "before", "value"), Committed::durable);
    ASSERT_EQ(put(committer, "key", value), Committed::durable);
    for (const auto& entry : fs::directory_iterator{temporary_.path() / "other/rows"})
      if (entry.path().extension() == ".log") bytes_ = read_file(entry.path());
  }
  const std::size_t end = scan_log(bytes_).good_bytes;
  ASSERT_GT(end, 90'000u);
  for (const std::size_t lost : {std::size_t{100}, std::size_t{4'096}, std::size_t{50'000}, std::size_t{89'000}}) {
    std::string torn = bytes_.substr(0, end);
    std::fill_n(torn.end() - static_cast<std::ptrdiff_t>(lost), lost, '\0');
    const LogScan scan = scan_log(torn);
    EXPECT_TRUE(scan.torn && !scan.damaged) << lost;
    EXPECT_EQ(scan.batches, 1u) << lost;
  }
}

// The middle of a group that a power cut tore may be zeros, and later parts of the same group may be whole.
TEST_F(LogScanTest, HoleInTheLastBatchIsATornTail) {
  std::size_t large = 0;
  for (std::size_t i = 0; i + 1 < ends_.size(); ++i) {
    if (ends_[i + 1] - ends_[i] > 100'000) large = i;
  }
  std::string torn = bytes_.substr(0, ends_[large + 1]);
  for (const std::size_t at : {ends_[large], ends_[large] + 40'000, ends_[large + 1] - 5'000}) {
    std::string holed = torn;
    std::fill_n(holed.begin() + static_cast<std::ptrdiff_t>(at), 4'096, '\0');
    const LogScan scan = scan_log(holed);
    EXPECT_TRUE(scan.torn) << at;
    EXPECT_FALSE(scan.damaged) << at;
    EXPECT_EQ(scan.good_bytes, ends_[large]) << at;
  }
}

}  // namespace
}  // namespace quipu::storage
