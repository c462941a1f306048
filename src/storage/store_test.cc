#include "storage/store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/random.h"
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

// Three ranges, each in files of its own.
TEST_F(StoreTest, DiscardingARangeGivesItsFilesBackAndTouchesNothingElse) {
  auto small = options();
  small.write_buffer_bytes = 1_MiB;
  const std::string value = secure_random_bytes(50'000);  // does not compress
  const auto key = [](char range, int i) { return fmt::format("{}{:04}", range, i); };
  {
    const auto store = open_or_fail(small);
    Committer committer{*store, {}};
    for (const char range : {'A', 'a', 'z'}) {
      for (int i = 0; i < 100; ++i) ASSERT_EQ(put(committer, key(range, i), value), Committed::durable);
      ASSERT_TRUE(store->compact("", "~"));
    }
    const auto before = store->figures().table_bytes;
    ASSERT_GT(before, 14'000'000u);

    ASSERT_TRUE(store->discard_files("a", "b"));
    EXPECT_LT(store->figures().table_bytes, before - 4'000'000);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(value_of(*store, key('A', i)), value) << i;
    for (int i = 0; i < 100; ++i) EXPECT_EQ(value_of(*store, key('z', i)), value) << i;

    ASSERT_EQ(commit(committer,
                     [&](WriteGroup& group) {
                       for (int i = 0; i < 100; ++i) group.erase(key('a', i));
                     }),
              Committed::durable);
    ASSERT_TRUE(store->compact("a", "b"));
    EXPECT_LT(store->figures().table_bytes, before - 4'900'000);
  }
  const auto store = open_or_fail(small);
  EXPECT_FALSE(store->cursor("a", "b").valid());
  EXPECT_EQ(value_of(*store, key('A', 99)), value);
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

  struct TableFile {
    int descriptor;
    std::size_t size;
  };
  template <typename Use>
  void with_table_files(Use use) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{temporary_.data()}) {
      if (entry.path().extension() != ".sst") continue;
      const TableFile file{.descriptor = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC), .size = entry.file_size()};
      use(file);
      ::close(file.descriptor);
    }
  }

  // The kernel has all table files in memory afterwards. False: and yet this file system cannot read without waiting.
  bool read_into_memory() const {
    bool readable = true;
    with_table_files([&](const TableFile& file) {
      std::string content(file.size, '\0');
      EXPECT_EQ(::pread(file.descriptor, content.data(), file.size, 0), static_cast<ssize_t>(file.size));
      iovec whole{.iov_base = content.data(), .iov_len = file.size};
      readable = ::preadv2(file.descriptor, &whole, 1, 0, RWF_NOWAIT) > 0 && readable;
    });
    return readable;
  }

  // False: some of the table files is in memory all the same. The kernel keeps a page that it is busy with, so it is
  // asked until it has let go of all; and looking at them is not to make it read them again.
  bool drop_from_memory() const {
    bool kept = true;
    for (int tries = 0; kept && tries < 200; ++tries) {
      if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds{10});
      kept = false;
      with_table_files([&](const TableFile& file) {
        EXPECT_EQ(::fdatasync(file.descriptor), 0);
        EXPECT_EQ(::posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_DONTNEED), 0);
        void* mapped = ::mmap(nullptr, file.size, PROT_READ, MAP_SHARED, file.descriptor, 0);
        ASSERT_NE(mapped, MAP_FAILED);
        const auto page_size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        std::vector<unsigned char> pages((file.size + page_size - 1) / page_size);
        EXPECT_EQ(::mincore(mapped, file.size, pages.data()), 0);
        kept = kept || std::ranges::any_of(pages, [](unsigned char page) { return (page & 1) != 0; });
        ::munmap(mapped, file.size);
      });
    }
    return !kept;
  }

  TemporaryDirectory temporary_{std::filesystem::temp_directory_path()};
};

TEST_F(CachedReadTest, WhatTheKernelHasInMemoryIsReadAtOnce) {
  auto store = open_or_fail(options());
  if (!read_into_memory()) GTEST_SKIP() << "this file system cannot read without waiting";
  std::string value;
  EXPECT_EQ(store->get_cached("key", value), Store::Cached::found);
  EXPECT_EQ(value, "value");
  EXPECT_EQ(store->get_cached("other", value), Store::Cached::absent);
}

TEST_F(CachedReadTest, WhatIsOnlyOnTheDiskIsNotWaitedFor) {
  // A read that would wait makes the kernel begin to read, and a quick disk may be done before it looks again.
  constexpr int rounds = 20;
  bool needed_disk = false;
  for (int round = 0; round < rounds && !needed_disk; ++round) {
    auto store = open_or_fail(options());
    if (!drop_from_memory()) GTEST_SKIP() << "this file system is in memory";
    std::string value;
    needed_disk = store->get_cached("key", value) == Store::Cached::needs_disk;
    EXPECT_EQ(value_of(*store, "key"), "value");
    EXPECT_EQ(store->get_cached("key", value), Store::Cached::found);
  }
  EXPECT_TRUE(needed_disk);
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
