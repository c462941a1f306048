// The durable, ordered map from byte strings to byte strings. Everything that Quipu keeps is a row of it.
//
// Reads go straight to the store, from any thread. Writes go through one Committer (committer.h) and nowhere else. A
// row is seen only once it is durable: nobody is ever told a value that a power cut could take back.
//
// The directory (docs/formats/directory.md) belongs to one process at a time. What was synced and is missing later is
// noticed when the store is opened, and refused; see docs/formats/watermark.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu::storage {

class Engine;

struct StoreOptions {
  std::filesystem::path directory;
  bool make = true;          // a new store, where there is none
  bool accept_loss = false;  // open although synced data is missing; what is lost is logged
  std::size_t write_buffer_bytes =
      32_MiB;  // larger ones cost the writer more cache misses a row, and a restart more time
  std::size_t block_cache_bytes = 64_MiB;          // the limit on memory for reads
  std::uint64_t free_space_floor_bytes = 256_MiB;  // below it writes are refused, so that what is under way can finish
  std::string simulated_disk;                      // "" is the real one; else a disk that fails, described in disk.h
};

struct StoreFigures {
  std::uint64_t last_sequence = 0;       // of the newest durable row; grows by one with every row written
  std::uint64_t watermark_sequence = 0;  // what the watermark file is known to hold through a power cut
  std::uint64_t rows_estimate = 0;
  std::uint64_t table_bytes = 0;  // sorted tables on disk
  std::uint64_t table_files = 0;
  std::uint64_t memtable_bytes = 0;
  std::uint64_t block_cache_bytes = 0;
  std::uint64_t write_stalls = 0;  // times that writes were slowed or stopped, waiting for flushes or compactions
  std::uint64_t disk_free_bytes = 0;
  bool writes_stopped = false;  // after a failure (for good) or while the disk is full
};

// An ordered walk over one consistent snapshot. One thread at a time; must not outlive its store.
class Cursor {
 public:
  class Position;
  explicit Cursor(std::unique_ptr<Position> position);
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  ~Cursor();

  // To the first row at or after `key`; never before the cursor's first key nor to or past its end.
  void seek(std::string_view key);
  // To the last row at or before `key`, likewise.
  void seek_back(std::string_view key);
  void seek_last();
  bool valid() const;
  void next();
  void previous();
  // These two hold until the cursor moves.
  std::string_view key() const;
  std::string_view value() const;
  Result<> status() const;  // ok, or why the walk ended early

 private:
  std::unique_ptr<Position> position_;
};

class Store {
 public:
  // A new store is made only in a directory that is missing or empty. An error names the file and says what to do.
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);

  explicit Store(std::unique_ptr<Engine> engine);
  ~Store();  // after this the directory opens without any recovery

  // False: there is no such row. May wait for the disk.
  Result<bool> get(std::string_view key, std::string& value) const;

  enum class Cached : std::uint8_t { found, absent, needs_disk };
  // Never waits for the disk.
  Result<Cached> get_cached(std::string_view key, std::string& value) const;

  // Stands on the first row at or after `first`; rows at or after `end` do not exist for it. An empty `end` is none.
  Cursor cursor(std::string_view first, std::string_view end) const;

  // What the rows in [first, end) take on the disk, but for those that came last.
  std::uint64_t approximate_bytes(std::string_view first, std::string_view end) const;

  // For rows in [first, end) that nobody reads any more and that are to be erased: gives back at once the disk space of
  // files that hold nothing else. Rows in other files stay, and values that were overwritten may show again.
  Result<> discard_files(std::string_view first, std::string_view end) const;
  // Gives back the disk space of what was erased in [first, end), which else happens when it suits. Takes its time.
  Result<> compact(std::string_view first, std::string_view end) const;

  StoreFigures figures() const;

 private:
  friend class Committer;
  std::unique_ptr<Engine> engine_;
};

struct VerifyReport {
  std::uint64_t rows = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t watermark = 0;
  std::uint64_t table_files = 0;
  std::vector<std::string> problems;      // empty: the directory is whole
  std::uint64_t problems_not_listed = 0;  // at most verify_problems_max are listed
};

inline constexpr std::size_t verify_problems_max = 100;

// Reads a directory without changing it and says whether it is whole: format, watermark, every checksum, every row.
// `check_row` answers "" or what is wrong with a row; `progress` is told a fraction now and then; both may be empty.
// An error: the directory cannot be examined at all (it does not exist, or a server has it open).
Result<VerifyReport> verify(const std::filesystem::path& directory,
                            const std::function<std::string(std::string_view key, std::string_view value)>& check_row,
                            const std::function<void(double)>& progress);

}  // namespace quipu::storage
