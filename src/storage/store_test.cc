#include "storage/store.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "storage/test_support.h"

namespace quipu::storage {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  StoreOptions options() const { return {.directory = temporary_.data()}; }

  TemporaryDirectory temporary_;
};

TEST_F(StoreTest, WhatWasAcknowledgedIsThereAfterReopening) {
  {
    auto store = open_or_fail(options());
    Committer committer{*store, {}};
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(put(committer, "key" + std::to_string(i), "value" + std::to_string(i)), Committed::durable);
    }
    EXPECT_EQ(value_of(*store, "key7"), "value7");
  }
  auto store = open_or_fail(options());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(value_of(*store, "key" + std::to_string(i)), "value" + std::to_string(i));
  EXPECT_EQ(value_of(*store, "key100"), "(absent)");
  EXPECT_EQ(store->figures().last_sequence, 100u);
}

TEST_F(StoreTest, CursorWalksInOrderWithinItsBounds) {
  auto store = open_or_fail(options());
  Committer committer{*store, {}};
  for (const char* key : {"b1", "a", "c", "b2", "b3"}) ASSERT_EQ(put(committer, key, key), Committed::durable);
  std::string seen;
  Cursor cursor = store->cursor("b1", "c");
  ASSERT_EQ(put(committer, "b21", "later"), Committed::durable);  // not in the cursor's snapshot
  for (; cursor.valid(); cursor.next()) seen += std::string{cursor.key()} + " ";
  EXPECT_TRUE(cursor.status().has_value());
  EXPECT_EQ(seen, "b1 b2 b3 ");
  cursor.seek("b2");
  EXPECT_EQ(cursor.key(), "b2");
  cursor.seek("a");
  EXPECT_EQ(cursor.key(), "b1");
  cursor.seek("c");
  EXPECT_FALSE(cursor.valid());
  EXPECT_EQ(store->cursor("", "").key(), "a");
}

// The row is in a table file and RocksDB's own cache is empty. On a real file system: one in memory has no cache to
// ask.
class CachedReadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = open_or_fail(options());
    Committer committer{*store, {}};
    ASSERT_EQ(put(committer, "key", "value"), Committed::durable);
    std::string value;
    EXPECT_EQ(store->get_cached("key", value), Store::Cached::found);  // still in memory
    EXPECT_EQ(value, "value");
    EXPECT_EQ(store->get_cached("other", value), Store::Cached::absent);
  }

  StoreOptions options() const { return {.directory = temporary_.data()}; }

  // Makes the kernel read, or forget, the table files. How much of them it then gives without waiting.
  std::size_t bytes_in_memory(int advice) const {
    std::size_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{temporary_.data()}) {
      if (entry.path().extension() != ".sst") continue;
      const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
      std::string content(entry.file_size(), '\0');
      if (advice != POSIX_FADV_DONTNEED) {
        EXPECT_EQ(::pread(file, content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
      }
      EXPECT_EQ(::fdatasync(file), 0);
      EXPECT_EQ(::posix_fadvise(file, 0, 0, advice), 0);
      iovec whole{.iov_base = content.data(), .iov_len = content.size()};
      bytes += static_cast<std::size_t>(std::max<ssize_t>(0, ::preadv2(file, &whole, 1, 0, RWF_NOWAIT)));
      ::close(file);
    }
    return bytes;
  }

  TemporaryDirectory temporary_{std::filesystem::temp_directory_path()};
};

TEST_F(CachedReadTest, WhatTheKernelHasInMemoryIsReadAtOnce) {
  auto store = open_or_fail(options());
  if (bytes_in_memory(POSIX_FADV_NORMAL) == 0) GTEST_SKIP() << "this file system cannot read without waiting";
  std::string value;
  EXPECT_EQ(store->get_cached("key", value), Store::Cached::found);
  EXPECT_EQ(value, "value");
  EXPECT_EQ(store->get_cached("other", value), Store::Cached::absent);
}

TEST_F(CachedReadTest, WhatIsOnlyOnTheDiskIsNotWaitedFor) {
  auto store = open_or_fail(options());
  // The kernel keeps a page that it is busy with, so it is asked until it has let go of all.
  std::size_t kept = bytes_in_memory(POSIX_FADV_DONTNEED);
  for (int tries = 0; kept != 0 && tries < 200; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
    kept = bytes_in_memory(POSIX_FADV_DONTNEED);
  }
  if (kept != 0) GTEST_SKIP() << "this file system is in memory";
  std::string value;
  ASSERT_EQ(store->get_cached("key", value), Store::Cached::needs_disk);
  EXPECT_EQ(value_of(*store, "key"), "value");
  EXPECT_EQ(store->get_cached("key", value), Store::Cached::found);
}

TEST_F(StoreTest, SecondOpenerIsRefusedAndToldWhoHoldsIt) {
  auto store = open_or_fail(options());
  auto second = Store::open(options());
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos)
      << second.error().message;
  store.reset();
  EXPECT_TRUE(Store::open(options()).has_value());
}

TEST_F(StoreTest, DirectoryOfSomebodyElseIsRefused) {
  std::filesystem::create_directories(temporary_.data());
  write_file(temporary_.data() / "thesis.txt", "mine");
  auto store = Store::open(options());
  ASSERT_FALSE(store.has_value());
  EXPECT_NE(store.error().message.find("not a data directory"), std::string::npos) << store.error().message;
  EXPECT_EQ(read_file(temporary_.data() / "thesis.txt"), "mine");
  EXPECT_FALSE(std::filesystem::exists(temporary_.data() / "rows"));
}

TEST_F(StoreTest, EmptyDirectoryOpensFast) {
  const auto begin = std::chrono::steady_clock::now();
  auto store = open_or_fail(options());
  const auto took = std::chrono::steady_clock::now() - begin;
  RecordProperty("microseconds", static_cast<int>(took / std::chrono::microseconds{1}));
  EXPECT_LT(took, std::chrono::seconds{2});  // generous: the machine is shared while tests run; bench has the figure
}

TEST_F(StoreTest, FiguresTellTheState) {
  auto store = open_or_fail(options());
  Committer committer{*store, {}};
  ASSERT_EQ(put(committer, "key", std::string(1000, 'x')), Committed::durable);
  const StoreFigures figures = store->figures();
  EXPECT_EQ(figures.last_sequence, 1u);
  EXPECT_GT(figures.memtable_bytes, 1000u);
  EXPECT_GT(figures.disk_free_bytes, 0u);
  EXPECT_FALSE(figures.writes_stopped);
  EXPECT_EQ(figures.rows_estimate, 1u);
}

}  // namespace
}  // namespace quipu::storage
