// RocksDB, the watermark and the lock of one open directory. Inside this folder only: the public face is store.h for
// reads and committer.h for writes.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/metrics.h"
#include "base/result.h"
#include "storage/directory.h"
#include "storage/disk.h"
#include "storage/store.h"
#include "storage/watermark.h"

namespace quipu::storage {

// What one batch came to.
enum class Written : std::uint8_t {
  durable,
  unknown,  // this batch may be found after a restart, or not
};

enum class Space : std::uint8_t {
  plenty,
  scarce,  // below the floor: what is left is a reserve
  none,    // below half of it, or the disk has said so itself
};

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(const StoreOptions& options);
  ~Engine();

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // ---- any thread
  Result<bool> get(std::string_view key, std::string& value) const;
  Result<Store::Cached> get_cached(std::string_view key, std::string& value) const;
  std::unique_ptr<rocksdb::Iterator> new_iterator(const rocksdb::ReadOptions& options) const;
  StoreFigures figures() const;
  const Histogram& sync_microseconds() const { return disk_.figures->log_sync_microseconds; }
  std::uint64_t approximate_bytes(std::string_view first, std::string_view end) const;
  Result<> discard_files(std::string_view first, std::string_view end) const;
  Result<> compact(std::string_view first, std::string_view end) const;

  // ---- committer thread
  Space space();
  Written write(rocksdb::WriteBatch& batch);
  // After a failure nothing is written any more, until the directory is opened again.
  bool failed() const { return health_.load(std::memory_order_acquire) == Health::failed; }
  std::optional<Error> failure() const;
  // `wake` is called, from any thread, when the store fails while nothing is being written.
  void set_failure_wake(std::function<void()> wake);

 private:
  enum class Health : std::uint8_t { good, disk_full, failed };
  class Listener;  // what RocksDB tells us from its background threads

  Engine(const StoreOptions& options, OpenDirectory directory, Disk disk);
  Result<> open_rows();

  // The disk is full, and nothing is lost by waiting until it is not.
  bool is_passing(const rocksdb::Status& status) const;
  void fail_stop(Error why);
  void suspend();
  void resume();

  const StoreOptions options_;

  // Used by the threads of what stands below, so made before and destroyed after it.
  std::atomic<Health> health_{Health::good};
  // A reader's rows were written before it began. RocksDB sees to that with atomics that ThreadSanitizer does not see
  // in Debian's library; this one it does.
  std::atomic<std::uint64_t> batches_written_{0};
  struct Failure {
    std::optional<Error> error;
    std::function<void()> wake;
  };
  Guarded<Failure> failure_;
  Counter write_stalls_;

  OpenDirectory directory_;  // holds the lock: destroyed last
  Disk disk_;
  std::shared_ptr<Listener> listener_;
  std::shared_ptr<rocksdb::Cache> block_cache_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<WatermarkFile> watermark_;

  // Committer thread only.
  MonotonicTime space_checked_{};
  Space free_space_ = Space::plenty;
};

}  // namespace quipu::storage
