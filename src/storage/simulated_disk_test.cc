// The disks that fail on purpose do fail, and only as described: a test that relies on them is worth nothing otherwise.
#include "storage/simulated_disk.h"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <functional>
#include <set>

#include "storage/disk.h"
#include "storage/own_file.h"
#include "storage/test_support.h"

namespace quipu::storage {
namespace {

namespace fs = std::filesystem;

const rocksdb::IOOptions plain;
const rocksdb::FileOptions file_options;

TEST(DiskDescription, IsParsedWhole) {
  EXPECT_TRUE(std::holds_alternative<RealDisk>(*parse_disk("")));
  EXPECT_EQ(std::get<PowerLoss>(*parse_disk("power-loss:seed=7")).seed, 7u);
  EXPECT_EQ(std::get<PowerLoss>(*parse_disk("power-loss:seed=7,at=12")).at, 12u);
  EXPECT_EQ(std::get<PowerLoss>(*parse_disk("power-loss")).seed, 0u);
  const auto fault = std::get<DiskFault>(*parse_disk("fault:at=123,kind=enospc,calls=sync,for=ever,report=/tmp/x"));
  EXPECT_EQ(fault.at, 123u);
  EXPECT_EQ(fault.kind, DiskFault::Kind::no_space);
  EXPECT_EQ(fault.calls, DiskFault::Calls::syncs);
  EXPECT_TRUE(fault.for_ever);
  EXPECT_EQ(fault.report, "/tmp/x");
}

TEST(DiskDescription, WhatIsNotUnderstoodIsRefused) {
  for (const char* wrong : {"ram", "fault", "fault:kind=eio", "fault:at=0", "fault:at=x", "fault:at=1,kind=fire",
                            "fault:at=1,speed=2", "power-loss:seed=", "power-loss:seed=-1", "power-loss:seed"}) {
    EXPECT_FALSE(parse_disk(wrong).has_value()) << wrong;
  }
}

TEST(FaultDisk, FailsTheNthCallOnceAndReportsIt) {
  const TemporaryDirectory temporary;
  const fs::path report = temporary.path() / "report";
  const auto disk = open_disk("fault:at=3,kind=eio,report=" + report.string(), temporary.path());
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(disk->files->NewWritableFile(temporary.path() / "file", file_options, &file, nullptr).ok());
  EXPECT_TRUE(file->Append("one", plain, nullptr).ok());
  EXPECT_FALSE(fs::exists(report));
  EXPECT_TRUE(file->Append("two", plain, nullptr).IsIOError());
  EXPECT_TRUE(file->Append("three", plain, nullptr).ok());
  EXPECT_EQ(read_file(report), "append " + (temporary.path() / "file").string() + "\n");
  EXPECT_EQ(read_file(temporary.path() / "file"), "onethree");
}

TEST(FaultDisk, ForEverCountsSyncsOnlyWhenAskedTo) {
  const TemporaryDirectory temporary;
  const auto disk = open_disk("fault:at=2,kind=eio,calls=sync,for=ever", temporary.path());
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(disk->files->NewWritableFile(temporary.path() / "file", file_options, &file, nullptr).ok());
  EXPECT_TRUE(file->Append("bytes", plain, nullptr).ok());
  EXPECT_TRUE(file->Sync(plain, nullptr).ok());
  EXPECT_FALSE(disk->figures->beyond_repair);
  EXPECT_FALSE(file->Sync(plain, nullptr).ok());
  EXPECT_TRUE(disk->figures->beyond_repair);
  EXPECT_TRUE(file->Append("bytes", plain, nullptr).ok());
  EXPECT_FALSE(sync_directory(*disk->files, temporary.path()).has_value());
}

TEST(FaultDisk, ShortWriteLeavesAPart) {
  const TemporaryDirectory temporary;
  const auto disk = open_disk("fault:at=2,kind=short", temporary.path());
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(disk->files->NewWritableFile(temporary.path() / "file", file_options, &file, nullptr).ok());
  EXPECT_FALSE(file->Append("abcdef", plain, nullptr).ok());
  EXPECT_EQ(read_file(temporary.path() / "file"), "abc");
}

class PowerLossDisk : public ::testing::Test {
 protected:
  PowerLossDisk() { fs::create_directories(data_); }

  std::shared_ptr<rocksdb::FileSystem> disk(std::uint64_t seed = 0) {
    auto opened = open_disk("power-loss:seed=" + std::to_string(seed), data_);
    EXPECT_TRUE(opened.has_value());
    return opened->files;
  }

  std::unique_ptr<rocksdb::FSWritableFile> create(rocksdb::FileSystem& files, const fs::path& path) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(files.NewWritableFile(path, file_options, &file, nullptr).ok());
    return file;
  }

  // Under some seed the power takes everything unsynced, under some a part, under some it tears: what `unsynced` did
  // must come out as `expected` for every one of these seeds.
  void for_every_loss(const std::function<void(rocksdb::FileSystem&)>& unsynced,
                      const std::function<void(std::uint64_t seed)>& expected) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      fs::remove_all(data_);
      fs::create_directories(data_);
      unsynced(*disk(seed));
      disk(seed);
      expected(seed);
    }
  }

  const TemporaryDirectory temporary_;
  const fs::path data_ = temporary_.data();
  const fs::path file_ = data_ / "file";
};

TEST_F(PowerLossDisk, KeepsSyncedBytesAndLosesOthers) {
  std::set<std::string> seen;
  for_every_loss(
      [&](rocksdb::FileSystem& files) {
        const auto file = create(files, file_);
        ASSERT_TRUE(file->Append("synced", plain, nullptr).ok());
        ASSERT_TRUE(file->Sync(plain, nullptr).ok());
        ASSERT_TRUE(sync_directory(files, data_).has_value());
        ASSERT_TRUE(file->Append("unsynced", plain, nullptr).ok());
        EXPECT_EQ(fs::file_size(file_), 14u);  // a reader of this process sees all of it
      },
      [&](std::uint64_t seed) {
        const std::string left = read_file(file_);
        EXPECT_TRUE(left.starts_with("synced")) << seed << left;
        EXPECT_LE(left.size(), 14u);
        seen.insert(left.substr(6));
      });
  EXPECT_TRUE(seen.contains(""));                               // all of it lost
  EXPECT_TRUE(std::ranges::any_of(seen, [](const auto& left) {  // a part of it
    return !left.empty() && std::string_view{"unsynced"}.starts_with(left);
  }));
  EXPECT_TRUE(std::ranges::any_of(seen, [](const auto& left) {  // torn
    return !std::string_view{"unsynced"}.starts_with(left);
  }));
}

TEST_F(PowerLossDisk, LosesNamesUntilTheDirectoryIsSynced) {
  std::set<bool> seen;
  for_every_loss(
      [&](rocksdb::FileSystem& files) {
        const auto file = create(files, file_);
        ASSERT_TRUE(file->Append("bytes", plain, nullptr).ok());
        ASSERT_TRUE(file->Sync(plain, nullptr).ok());
      },
      [&](std::uint64_t) { seen.insert(fs::exists(file_)); });
  EXPECT_TRUE(seen.contains(false));
  EXPECT_TRUE(seen.contains(true));
}

TEST_F(PowerLossDisk, TakesBackRenamesAndDeletionsInOrder) {
  const fs::path other = data_ / "other", third = data_ / "third";
  std::set<std::string> seen;
  for_every_loss(
      [&](rocksdb::FileSystem& files) {
        ASSERT_TRUE(replace_own_file(files, file_, "old").has_value());
        ASSERT_TRUE(replace_own_file(files, other, "other").has_value());
        const auto file = create(files, third);
        ASSERT_TRUE(file->Append("new", plain, nullptr).ok());
        ASSERT_TRUE(file->Sync(plain, nullptr).ok());
        ASSERT_TRUE(sync_directory(files, data_).has_value());
        ASSERT_TRUE(files.RenameFile(third, file_, plain, nullptr).ok());
        ASSERT_TRUE(files.DeleteFile(other, plain, nullptr).ok());
        ASSERT_TRUE(files.RenameFile(file_, other, plain, nullptr).ok());
        ASSERT_TRUE(sync_directory(files, temporary_.path()).has_value());  // another one
      },
      [&](std::uint64_t) {
        std::string names;
        for (const fs::path& path : {file_, other, third}) {
          names += path.filename().string() + "=" + (fs::exists(path) ? read_file(path) : "-") + " ";
        }
        seen.insert(names);
      });
  EXPECT_EQ(seen, (std::set<std::string>{"file=old other=other third=new ", "file=new other=other third=- ",
                                         "file=new other=- third=- ", "file=- other=new third=- "}));
}

TEST_F(PowerLossDisk, ReplacedFileComesBackWhole) {
  std::set<std::string> seen;
  for_every_loss(
      [&](rocksdb::FileSystem& files) {
        ASSERT_TRUE(replace_own_file(files, file_, "old").has_value());
        const auto file = create(files, file_);  // opened anew without a sync of the directory
        ASSERT_TRUE(file->Append("new", plain, nullptr).ok());
        ASSERT_TRUE(file->Sync(plain, nullptr).ok());
      },
      [&](std::uint64_t) { seen.insert(read_file(file_)); });
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new"}));
}

TEST_F(PowerLossDisk, WithoutPowerNothingMoreReachesTheDisk) {
  const auto opened = open_disk("power-loss:seed=1,at=3", data_);
  const auto file = create(*opened->files, file_);
  EXPECT_TRUE(file->Append("1", plain, nullptr).ok());
  EXPECT_FALSE(file->Append("2", plain, nullptr).ok());
  EXPECT_FALSE(file->Sync(plain, nullptr).ok());
  EXPECT_FALSE(opened->files->DeleteFile(file_, plain, nullptr).ok());
  EXPECT_EQ(read_file(file_), "1");
}

}  // namespace
}  // namespace quipu::storage
