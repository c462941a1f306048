// Damage to any file of a data directory has two outcomes: everything acknowledged is still there, or the store says so
// (it refuses to open, or a read gives an error). Never a third one.
#include <rocksdb/db.h>

#include <map>

#include "base/random.h"
#include "storage/directory.h"
#include "storage/log_scan.h"
#include "storage/own_file.h"
#include "storage/rocks_env.h"
#include "storage/rocks_options.h"
#include "storage/test_support.h"
#include "storage/watermark.h"

namespace quipu::storage {
namespace {

namespace fs = std::filesystem;

constexpr int records = 200;

std::string name(int i) {
  return fmt::format("key{:04}", i);
}
std::string value(int i) {
  return fmt::format("value{}-{}", i, std::string(static_cast<std::size_t>(i % 40), 'v'));
}

void put_records(Store& store, int from, int to) {
  Committer committer{store, {}};
  for (int i = from; i < to; ++i) ASSERT_EQ(put(committer, name(i), value(i)), Committed::durable);
}

class Damage : public ::testing::Test {
 protected:
  // A directory with half of the records in tables and half in the log, as a kill leaves it.
  fs::path killed() {
    const fs::path live = temporary_.path() / "live", copy = temporary_.path() / "killed";
    if (fs::exists(copy)) return copy;
    {
      put_records(*open_or_fail({.directory = live}), 0, records / 2);
    }
    const auto store = open_or_fail({.directory = live});
    put_records(*store, records / 2, records);
    fs::copy(live, copy, fs::copy_options::recursive);  // nothing is being written: the same bytes that a kill leaves
    cut_unwritten_space(copy);
    return copy;
  }

  fs::path closed() {
    const fs::path directory = temporary_.path() / "closed";
    if (fs::exists(directory)) return directory;
    {
      put_records(*open_or_fail({.directory = directory}), 0, records / 2);
    }
    {
      put_records(*open_or_fail({.directory = directory}), records / 2, records);
    }
    return directory;
  }

  fs::path copy_of(const fs::path& directory) {
    const fs::path copy = temporary_.path() / "victim";
    fs::remove_all(copy);
    fs::copy(directory, copy, fs::copy_options::recursive);
    return copy;
  }

  fs::path only_file(const fs::path& directory, std::string_view suffix) {
    fs::path found;
    for (const auto& entry : fs::directory_iterator{directory / "rows"}) {
      if (!entry.path().string().ends_with(suffix) || fs::file_size(entry) == 0) continue;
      EXPECT_TRUE(found.empty()) << found << " and " << entry.path();
      found = entry.path();
    }
    EXPECT_FALSE(found.empty()) << suffix;
    return found;
  }

  const QuietLog quiet_;
  TemporaryDirectory temporary_;
};

enum class Outcome : std::uint8_t { whole, refused, read_error, lost };

Outcome outcome_of(const fs::path& directory, std::string& words) {
  auto store = Store::open({.directory = directory});
  if (!store) {
    words = store.error().message;
    return Outcome::refused;
  }
  Outcome outcome = Outcome::whole;
  for (int i = 0; i < records; ++i) {
    const std::string found = value_of(**store, name(i));
    if (found == value(i)) continue;
    words = name(i) + " is " + found;
    if (!found.starts_with("(error")) return Outcome::lost;
    outcome = Outcome::read_error;
  }
  return outcome;
}

using Change = std::function<void(std::string& bytes, SeededRandom& random)>;

const std::map<std::string, Change>& changes() {
  static const std::map<std::string, Change> all{
      {"flip a bit",
       [](std::string& bytes, SeededRandom& random) {
         bytes[random.below(bytes.size())] ^= static_cast<char>(1 << random.below(8));
       }},
      {"flip a bit near the start",
       [](std::string& bytes, SeededRandom& random) {
         bytes[random.below(std::min<std::size_t>(bytes.size(), 64))] ^= static_cast<char>(1 << random.below(8));
       }},
      {"flip a bit near the end",
       [](std::string& bytes, SeededRandom& random) {
         bytes[bytes.size() - 1 - random.below(std::min<std::size_t>(bytes.size(), 64))] ^=
             static_cast<char>(1 << random.below(8));
       }},
      {"cut", [](std::string& bytes, SeededRandom& random) { bytes.resize(random.below(bytes.size())); }},
      {"cut a little",
       [](std::string& bytes, SeededRandom& random) {
         bytes.resize(bytes.size() - 1 - random.below(std::min<std::size_t>(bytes.size(), 64)));
       }},
      {"empty", [](std::string& bytes, SeededRandom&) { bytes.clear(); }},
      {"zero a stretch",
       [](std::string& bytes, SeededRandom& random) {
         const std::size_t from = random.below(bytes.size());
         const std::size_t length = 1 + random.below(512);
         std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), std::min(length, bytes.size() - from), '\0');
       }},
      {"zero the start",
       [](std::string& bytes, SeededRandom& random) {
         std::fill_n(bytes.begin(), std::min<std::size_t>(bytes.size(), 1 + random.below(4'096)), '\0');
       }},
      {"zero the end",
       [](std::string& bytes, SeededRandom& random) {
         const std::size_t length = std::min<std::size_t>(bytes.size(), 1 + random.below(4'096));
         std::fill_n(bytes.end() - static_cast<std::ptrdiff_t>(length), length, '\0');
       }},
      {"zero all", [](std::string& bytes, SeededRandom&) { std::ranges::fill(bytes, '\0'); }},
  };
  return all;
}

TEST_F(Damage, HasTwoOutcomesOnly) {
  const std::uint64_t rounds = 2 * test_scale();
  SeededRandom random{4'711};
  std::map<Outcome, std::uint64_t> seen;
  std::uint64_t points = 0;
  for (const fs::path& directory : {closed(), killed()}) {
    for (const auto& entry : fs::recursive_directory_iterator{directory}) {
      if (!entry.is_regular_file() || entry.path().filename() == "LOCK" || fs::file_size(entry) == 0) continue;
      const fs::path relative = fs::relative(entry.path(), directory);
      for (std::uint64_t round = 0; round < rounds; ++round) {
        for (const auto& [what, change] : changes()) {
          const fs::path victim = copy_of(directory);
          std::string bytes = read_file(victim / relative);
          change(bytes, random);
          write_file(victim / relative, bytes);
          std::string words;
          const Outcome outcome = outcome_of(victim, words);
          EXPECT_NE(outcome, Outcome::lost) << directory.filename() << " " << relative << " " << what << ": " << words;
          // What was refused stays refused: refusing changes nothing that the next open judges by.
          if (outcome == Outcome::refused) {
            EXPECT_NE(outcome_of(victim, words), Outcome::lost) << relative << " " << what << " again: " << words;
          }
          ++seen[outcome];
          ++points;
        }
      }
      const fs::path victim = copy_of(directory);
      fs::remove(victim / relative);
      std::string words;
      EXPECT_NE(outcome_of(victim, words), Outcome::lost) << relative << " deleted: " << words;
      ++points;
    }
  }
  std::printf("%llu points: %llu whole, %llu refused, %llu read errors\n", static_cast<unsigned long long>(points),
              static_cast<unsigned long long>(seen[Outcome::whole]),
              static_cast<unsigned long long>(seen[Outcome::refused]),
              static_cast<unsigned long long>(seen[Outcome::read_error]));
  EXPECT_GE(points, 200u);
  EXPECT_GT(seen[Outcome::refused], 50u);
}

// With RocksDB's default recovery this opened with half of the records.
TEST_F(Damage, OneFlippedBitInTheLiveLogIsRefusedAndNamed) {
  const fs::path log = fs::relative(only_file(killed(), ".log"), killed());
  const std::string bytes = read_file(killed() / log);
  for (std::size_t at = 0; at < bytes.size(); at += 97) {
    const fs::path victim = copy_of(killed());
    std::string damaged = bytes;
    damaged[at] ^= 0x10;
    write_file(victim / log, damaged);
    const auto store = Store::open({.directory = victim});
    ASSERT_FALSE(store.has_value()) << "bit at " << at;
    EXPECT_EQ(store.error().code, ErrorCode::damaged);
    EXPECT_NE(store.error().message.find(log.filename().string()), std::string::npos) << store.error().message;
    EXPECT_NE(store.error().message.find("--accept-loss"), std::string::npos) << store.error().message;
  }
}

TEST_F(Damage, LogThatLostItsEndIsRefusedByTheWatermark) {
  const fs::path log = fs::relative(only_file(killed(), ".log"), killed());
  const fs::path victim = copy_of(killed());
  fs::resize_file(victim / log, fs::file_size(victim / log) / 2);
  const auto store = Store::open({.directory = victim});
  ASSERT_FALSE(store.has_value());
  EXPECT_NE(store.error().message.find("synced writes are missing"), std::string::npos) << store.error().message;
  EXPECT_NE(store.error().message.find(log.filename().string()), std::string::npos) << store.error().message;
}

// Somebody moved the log away; refusing must not make it worthless.
TEST_F(Damage, RefusalLeavesEverythingAsItWas) {
  const fs::path victim = copy_of(killed());
  const fs::path log = only_file(victim, ".log"), away = temporary_.path() / "away";
  fs::rename(log, away);
  ASSERT_FALSE(Store::open({.directory = victim}).has_value());
  fs::rename(away, log);
  std::string words;
  EXPECT_EQ(outcome_of(victim, words), Outcome::whole) << words;
}

// What a power cut leaves of a group that was never acknowledged.
TEST_F(Damage, TornTailIsCutAndEverythingSyncedIsThere) {
  const fs::path log = fs::relative(only_file(killed(), ".log"), killed());
  const std::string whole = read_file(killed() / log);
  const std::vector<std::string> tails{std::string(1, 'x'), std::string(3'000, 'x'), std::string(5'000, '\0'),
                                       whole.substr(whole.size() / 2, 3)};
  for (const std::string& tail : tails) {
    const fs::path victim = copy_of(killed());
    write_file(victim / log, whole + tail);
    std::string words;
    EXPECT_EQ(outcome_of(victim, words), Outcome::whole) << words;
    EXPECT_EQ(outcome_of(victim, words), Outcome::whole) << words;
  }
}

TEST_F(Damage, MissingCurrentDoesNotMakeAnEmptyStore) {
  for (const fs::path& directory : {closed(), killed()}) {
    const fs::path victim = copy_of(directory);
    fs::remove(victim / "rows" / "CURRENT");
    const auto store = Store::open({.directory = victim});
    ASSERT_FALSE(store.has_value());
    EXPECT_NE(store.error().message.find("CURRENT"), std::string::npos) << store.error().message;
    EXPECT_FALSE(fs::exists(victim / "rows" / "CURRENT"));
  }
}

TEST_F(Damage, MissingRowsDoNotMakeAnEmptyStore) {
  const fs::path victim = copy_of(closed());
  fs::remove_all(victim / "rows");
  EXPECT_FALSE(Store::open({.directory = victim}).has_value());
}

TEST_F(Damage, MissingWatermarkIsRefused) {
  const fs::path victim = copy_of(closed());
  fs::remove(victim / "WATERMARK");
  const auto store = Store::open({.directory = victim});
  ASSERT_FALSE(store.has_value());
  EXPECT_NE(store.error().message.find("WATERMARK"), std::string::npos) << store.error().message;
}

TEST_F(Damage, WatermarkOfAnotherStoreIsRefused) {
  const fs::path victim = copy_of(killed());
  fs::copy_file(closed() / "WATERMARK", victim / "WATERMARK", fs::copy_options::overwrite_existing);
  EXPECT_FALSE(Store::open({.directory = victim}).has_value());
}

TEST_F(Damage, AcceptedLossOpensAndIsOverAfterwards) {
  const std::vector<std::string> victims{"WATERMARK", "FORMAT", "rows/CURRENT",
                                         "rows/" + only_file(killed(), ".log").filename().string(),
                                         "rows/" + only_file(killed(), ".sst").filename().string()};
  for (const std::string& file : victims) {
    SCOPED_TRACE(file);
    const fs::path victim = copy_of(killed());
    std::string bytes = read_file(victim / file);
    bytes.resize(bytes.size() / 2);
    write_file(victim / file, bytes);
    ASSERT_FALSE(Store::open({.directory = victim}).has_value());
    {
      const auto store = open_or_fail({.directory = victim, .accept_loss = true});
      ASSERT_NE(store, nullptr);
      put_records(*store, records, records + 1);
    }
    const auto store = open_or_fail({.directory = victim});
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(value_of(*store, name(records)), value(records));
    if (!file.starts_with("rows")) {
      EXPECT_EQ(value_of(*store, name(records - 1)), value(records - 1));
    }
  }
}

// After an accepted loss the sequence numbers begin again below the old watermark. The new one must find a later loss,
// and no old slot may come back.
TEST_F(Damage, LossAfterAnAcceptedLossIsRefusedToo) {
  const fs::path log = fs::relative(only_file(killed(), ".log"), killed());
  const fs::path victim = copy_of(killed());
  fs::resize_file(victim / log, fs::file_size(victim / log) / 4);
  const auto copy = temporary_.path() / "second";
  {
    const auto store = open_or_fail({.directory = victim, .accept_loss = true});
    ASSERT_NE(store, nullptr);
    put_records(*store, 0, 10);
    fs::copy(victim, copy, fs::copy_options::recursive);
  }
  const LogScan newest = scan_logs(*rocksdb::FileSystem::Default(), copy / "rows").value().back();
  ASSERT_EQ(newest.batches, 10u);
  fs::resize_file(newest.path, newest.good_bytes - 3);
  EXPECT_FALSE(Store::open({.directory = copy}).has_value());
}

// The live log is longer than what was written to it, and a kill leaves it so.
TEST_F(Damage, SpaceThatTheLogHasNotUsedIsNone) {
  const fs::path log = fs::relative(only_file(killed(), ".log"), killed());
  for (const std::uint64_t unwritten : {1u, 6u, 7u, 4'096u, 100'000u, 5'000'000u}) {
    const fs::path victim = copy_of(killed());
    fs::resize_file(victim / log, fs::file_size(victim / log) + unwritten);
    std::string words;
    EXPECT_EQ(outcome_of(victim, words), Outcome::whole) << unwritten << ": " << words;
  }
}

// Zeros where data was look like space that was never used; the watermark knows better.
TEST_F(Damage, ZerosInPlaceOfTheEndAreRefused) {
  const fs::path log = fs::relative(only_file(killed(), ".log"), killed());
  const std::string bytes = read_file(killed() / log);
  for (const std::size_t kept : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
    const fs::path victim = copy_of(killed());
    write_file(victim / log, bytes.substr(0, kept) + std::string(bytes.size() - kept, '\0'));
    std::string words;
    EXPECT_EQ(outcome_of(victim, words), Outcome::refused) << kept;
  }
}

// Two live logs, as there are while a flush is under way.
class TwoLogs : public Damage {
 protected:
  fs::path two_logs() {
    const fs::path live = temporary_.path() / "two", copy = temporary_.path() / "two-killed";
    {
      open_or_fail({.directory = live});
    }
    const auto disk = rocksdb::FileSystem::Default();
    const auto env = make_env(disk);
    rocksdb::DB* opened = nullptr;
    const auto options = rocks_options({}, env.get(), rocksdb::NewLRUCache(1_MiB));
    EXPECT_TRUE(rocksdb::DB::Open(options, live / "rows", &opened).ok());
    const std::unique_ptr<rocksdb::DB> db{opened};
    EXPECT_TRUE(db->PauseBackgroundWork().ok());
    for (int i = 0; i < records; ++i) {
      if (i == records / 2) {
        rocksdb::FlushOptions flush;
        flush.wait = false;
        EXPECT_TRUE(db->Flush(flush).ok());
      }
      EXPECT_TRUE(db->Put(rocks_write_options(), name(i), value(i)).ok());
    }
    fs::copy(live, copy, fs::copy_options::recursive);
    cut_unwritten_space(copy);
    const auto format = decode_format(read_file(copy / "FORMAT"));
    write_file(copy / "WATERMARK", encode_watermark_file(format->store_id, 1'000, db->GetLatestSequenceNumber()));
    EXPECT_TRUE(db->ContinueBackgroundWork().ok());
    return copy;
  }
};

TEST_F(TwoLogs, DamageToTheOlderIsRefused) {
  const fs::path directory = two_logs();
  std::vector<LogScan> logs = scan_logs(*rocksdb::FileSystem::Default(), directory / "rows").value();
  std::erase_if(logs, [](const LogScan& log) { return log.file_bytes == 0; });
  ASSERT_EQ(logs.size(), 2u);
  std::string words;
  ASSERT_EQ(outcome_of(copy_of(directory), words), Outcome::whole) << words;
  const fs::path older = fs::relative(logs.front().path, directory);
  SeededRandom random{1};
  for (std::uint64_t round = 0; round < 4 * test_scale(); ++round) {
    for (const auto& [what, change] : changes()) {
      const fs::path victim = copy_of(directory);
      std::string bytes = read_file(victim / older);
      const std::string before = bytes;
      change(bytes, random);
      write_file(victim / older, bytes);
      if (bytes == before) continue;
      EXPECT_EQ(outcome_of(victim, words), Outcome::refused) << what;
    }
  }
  const fs::path whole = copy_of(directory);
  fs::resize_file(whole / older, fs::file_size(whole / older) + 100'000);
  EXPECT_EQ(outcome_of(whole, words), Outcome::whole) << words;

  const fs::path victim = copy_of(directory);
  fs::remove(victim / older);
  EXPECT_EQ(outcome_of(victim, words), Outcome::refused);
}

}  // namespace
}  // namespace quipu::storage
