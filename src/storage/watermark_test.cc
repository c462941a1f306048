#include "storage/watermark.h"

#include <rocksdb/file_system.h>

#include "base/bytes.h"
#include "storage/disk.h"
#include "storage/format_file.h"
#include "storage/test_support.h"

namespace quipu::storage {
namespace {

const std::string store_id = "0123456789abcdef";

std::string slot(std::uint64_t epoch, std::uint64_t sequence) {
  const auto bytes = encode_watermark_slot(store_id, epoch, sequence);
  return {bytes.begin(), bytes.end()};
}

void set_slot(std::string& file, std::size_t at, const std::string& bytes) {
  file.replace(at * watermark_slot_stride_bytes, bytes.size(), bytes);
}

// The bytes of released formats are for ever (docs/formats/).
TEST(Watermark, SlotHasItsGoldenBytes) {
  EXPECT_EQ(to_hex(slot(0x0102, 0x030405)),
            "7175697075776d31"                  // quipuwm1
            "30313233343536373839616263646566"  // store id
            "0000000000000102"
            "0000000000030405"
            "239444f6");
}

TEST(FormatFile, HasItsGoldenBytes) {
  EXPECT_EQ(encode_format({.store_id = store_id, .state = Format::State::ready}),
            "quipu directory 1\nstore 30313233343536373839616263646566\nstate ready\nchecksum 1a2eba7e\n");
  EXPECT_EQ(encode_format({.store_id = store_id, .state = Format::State::creating}),
            "quipu directory 1\nstore 30313233343536373839616263646566\nstate creating\nchecksum 0861f804\n");
}

TEST(FormatFile, EveryChangedByteIsNoticed) {
  const std::string whole = encode_format({.store_id = store_id, .state = Format::State::ready});
  ASSERT_EQ(decode_format(whole)->store_id, store_id);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] ^= 1;
    EXPECT_FALSE(decode_format(damaged).has_value()) << i;
    EXPECT_FALSE(decode_format(whole.substr(0, i)).has_value()) << i;
  }
  EXPECT_FALSE(decode_format(whole + "x").has_value());
}

TEST(FormatFile, LaterVersionIsRefusedByName) {
  const auto format = decode_format("quipu directory 2\nwhatever it will hold\n");
  ASSERT_FALSE(format.has_value());
  EXPECT_NE(format.error().message.find("version 2"), std::string::npos);
}

TEST(Watermark, NewestWholeSlotCounts) {
  std::string file = encode_watermark_file(store_id, 5, 50);
  EXPECT_EQ(decode_watermark_file(file, store_id)->sequence, 50u);
  set_slot(file, 1, slot(7, 70));
  set_slot(file, 2, slot(6, 60));
  const auto found = decode_watermark_file(file, store_id);
  EXPECT_EQ(found->epoch, 7u);
  EXPECT_EQ(found->sequence, 70u);
  EXPECT_EQ(found->slot, 1u);
}

TEST(Watermark, TornSlotFallsBackToTheOneBefore) {
  std::string file = encode_watermark_file(store_id, 5, 50);
  set_slot(file, 1, slot(6, 60));
  const std::string newest = slot(7, 70);
  for (std::size_t through = 0; through < newest.size(); ++through) {
    set_slot(file, 2, newest.substr(0, through) + std::string(newest.size() - through, '\x55'));
    EXPECT_EQ(decode_watermark_file(file, store_id)->sequence, 60u) << through;
  }
}

TEST(Watermark, NoWholeSlotOrAnotherStoreIsDamage) {
  std::string file = encode_watermark_file(store_id, 5, 50);
  EXPECT_FALSE(decode_watermark_file(file, "another-store-id").has_value());
  EXPECT_FALSE(decode_watermark_file(file.substr(1), store_id).has_value());
  EXPECT_FALSE(decode_watermark_file(file + "x", store_id).has_value());
  for (std::size_t i = 0; i < watermark_slots; ++i) file[i * watermark_slot_stride_bytes + 30] ^= 1;
  EXPECT_FALSE(decode_watermark_file(file, store_id).has_value());
  EXPECT_FALSE(decode_watermark_file("", store_id).has_value());
}

class WatermarkFileTest : public ::testing::Test {
 protected:
  WatermarkFileTest() { write_file(path_, encode_watermark_file(store_id, 1, 0)); }

  std::unique_ptr<WatermarkFile> open(rocksdb::FileSystem& disk) {
    const auto found = decode_watermark_file(read_file(path_), store_id);
    auto file = WatermarkFile::open(disk, path_, store_id, *found, [this](const Error&) { ++failures_; });
    EXPECT_TRUE(file.has_value());
    return *std::move(file);
  }

  const TemporaryDirectory temporary_;
  const std::filesystem::path path_ = temporary_.path() / "WATERMARK";
  std::atomic<int> failures_{0};
};

// A kill at any moment finds the exact watermark: nothing waits for the sync.
TEST_F(WatermarkFileTest, IsExactInTheFileAfterEveryPublish) {
  const auto file = open(*rocksdb::FileSystem::Default());
  for (std::uint64_t sequence = 1; sequence <= 100; ++sequence) {
    ASSERT_TRUE(file->publish(sequence).has_value());
    EXPECT_EQ(decode_watermark_file(read_file(path_), store_id)->sequence, sequence);
  }
}

TEST_F(WatermarkFileTest, IsSyncedSoonAndAtClose) {
  const auto file = open(*rocksdb::FileSystem::Default());
  ASSERT_TRUE(file->publish(7).has_value());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (file->synced_sequence() != 7 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(file->synced_sequence(), 7u);
  ASSERT_TRUE(file->publish(8).has_value());
  ASSERT_TRUE(file->close().has_value());
  EXPECT_EQ(file->synced_sequence(), 8u);
}

// Calls in order: open is 1, its sync 2, the publish's write 3, the sync 4.
TEST_F(WatermarkFileTest, FailedSyncIsReportedOnceAndNeverRetried) {
  const auto disk = open_disk("fault:at=4,kind=eio,for=once", temporary_.path());
  const auto file = open(*disk->files);
  ASSERT_TRUE(file->publish(7).has_value());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (failures_ == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(failures_, 1);
  EXPECT_FALSE(file->close().has_value());  // the disk would take it now
  EXPECT_EQ(file->synced_sequence(), 0u);
}

// Many syncs while many publishes go on: every loss of power leaves a watermark that was published, and not an old one.
TEST_F(WatermarkFileTest, PowerLossLeavesASyncedWatermarkOrANewerOne) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const std::filesystem::path directory = temporary_.path() / "data";
    std::filesystem::create_directories(directory);
    const std::filesystem::path path = directory / "WATERMARK";
    write_file(path, encode_watermark_file(store_id, 1, 0));
    std::uint64_t synced = 0, published = 0;
    {
      const std::string description = fmt::format("power-loss:seed={},at={}", seed, 5 + seed * 7 % 300);
      const auto disk = open_disk(description, directory);
      const Watermark found{.epoch = 1, .sequence = 0, .slot = seed % 3};
      auto file = WatermarkFile::open(*disk->files, path, store_id, found, {[](const Error&) {}});
      ASSERT_TRUE(file.has_value());
      while ((*file)->publish(published + 1).has_value()) {
        ++published;
        if (published % 10 == 0 && !(*file)->sync().has_value()) break;
        synced = (*file)->synced_sequence();
      }
    }
    ASSERT_TRUE(open_disk("power-loss:seed=" + std::to_string(seed), directory).has_value());
    const auto found = decode_watermark_file(read_file(path), store_id);
    ASSERT_TRUE(found.has_value()) << seed;
    EXPECT_GE(found->sequence, synced) << seed;
    EXPECT_LE(found->sequence, published + 1) << seed;
  }
}

}  // namespace
}  // namespace quipu::storage
