#include "storage/engine.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/listener.h>

#include <utility>

#include "base/log.h"
#include "storage/own_file.h"
#include "storage/recovery.h"
#include "storage/rocks_env.h"
#include "storage/rocks_options.h"
#include "storage/status.h"
#include "storage/waitless_reads.h"

namespace quipu::storage {

namespace {

constexpr std::chrono::milliseconds space_check_interval{100};
constexpr int block_cache_shard_bits = 2;  // locks; few threads read
const rocksdb::ReadOptions plain_read;

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace

class Engine::Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(Engine& engine) : engine_{engine} {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    if (status->IsShutdownInProgress()) return;
    if (engine_.is_passing(*status)) return engine_.suspend();
    engine_.fail_stop(to_error(*status, "writing in the background"));
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status status, bool* recover) override {
    *recover = *recover && engine_.is_passing(status);
  }
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override {
    if (info.new_bg_error.ok()) engine_.resume();
  }
  void OnStallConditionsChanged(const rocksdb::WriteStallInfo& info) override {
    if (info.condition.cur != rocksdb::WriteStallCondition::kNormal) engine_.write_stalls_.add();
  }

 private:
  Engine& engine_;
};

Engine::Engine(const StoreOptions& options, OpenDirectory directory, Disk disk)
    : options_{options},
      directory_{std::move(directory)},
      disk_{std::move(disk)},
      listener_{std::make_shared<Listener>(*this)},
      block_cache_{rocksdb::NewLRUCache(options.block_cache_bytes, block_cache_shard_bits)},
      env_{make_env(disk_.files)} {}

Result<std::unique_ptr<Engine>> Engine::open(const StoreOptions& options) {
  QUIPU_TRY(OpenDirectory directory, lock_directory(options.directory, options.make));
  QUIPU_TRY(Disk disk, open_disk(options.simulated_disk, directory.paths.root));
  QUIPU_CHECK(identify(*disk.files, directory, options.accept_loss));
  std::unique_ptr<Engine> engine{new Engine(options, std::move(directory), std::move(disk))};
  QUIPU_CHECK(engine->open_rows());
  return engine;
}

Result<> Engine::open_rows() {
  rocksdb::FileSystem& files = *disk_.files;
  rocksdb::Options options = rocks_options(options_, env_.get(), block_cache_);
  options.listeners.push_back(listener_);
  const bool fresh = directory_.format.state == Format::State::creating;
  Watermark watermark;
  if (fresh) {
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, directory_.paths.rows, &db);
    db_.reset(db);
    if (!status.ok()) return std::unexpected(to_error(status, "creating the rows"));
  } else {
    QUIPU_TRY(watermark, read_watermark(files, directory_.paths, directory_.format, options_.accept_loss));
    QUIPU_TRY(db_, recover_rows({files, directory_.paths, options, watermark, options_.accept_loss}));
  }
  const std::uint64_t sequence = db_->GetLatestSequenceNumber();
  if (fresh || watermark.epoch == 0 || sequence < watermark.sequence) {
    // All slots at once: an older and larger one must not count again when the newest is torn.
    watermark = {.epoch = watermark.epoch + 1, .sequence = sequence, .slot = 0};
    QUIPU_CHECK(replace_own_file(files, directory_.paths.watermark,
                                 encode_watermark_file(directory_.format.store_id, watermark.epoch, sequence)));
  }
  if (fresh) QUIPU_CHECK(mark_ready(files, directory_));
  QUIPU_TRY(watermark_, WatermarkFile::open(files, directory_.paths.watermark, directory_.format.store_id, watermark,
                                            [this](Error why) { fail_stop(std::move(why)); }));
  if (sequence > watermark.sequence) return watermark_->publish(sequence);
  return {};
}

Engine::~Engine() {
  if (db_ != nullptr) {
    // So that the next open has no log to replay.
    if (!failed()) {
      const rocksdb::Status flushed = db_->Flush(rocksdb::FlushOptions{});
      if (!flushed.ok()) log_warning("flush_at_close_failed", {{"because", flushed.ToString()}});
    }
    const rocksdb::Status closed = db_->Close();
    if (!closed.ok()) log_warning("close_failed", {{"because", closed.ToString()}});
  }
  if (watermark_ != nullptr) {
    if (auto synced = watermark_->close(); !synced) {
      log_warning("watermark_not_synced", {{"because", synced.error().message}});
    }
  }
}

Result<bool> Engine::get(std::string_view key, std::string& value) const {
  const rocksdb::Status status = db_->Get(plain_read, slice(key), &value);
  if (status.ok()) return true;
  if (status.IsNotFound()) return false;
  return std::unexpected(to_error(status, "reading a row"));
}

Result<Store::Cached> Engine::get_cached(std::string_view key, std::string& value) const {
  const WaitlessReads no_waiting;
  const rocksdb::Status status = db_->Get(plain_read, slice(key), &value);
  if (status.ok()) return Store::Cached::found;
  if (status.IsNotFound()) return Store::Cached::absent;
  if (status.IsBusy()) return Store::Cached::needs_disk;
  return std::unexpected(to_error(status, "reading a row"));
}

std::unique_ptr<rocksdb::Iterator> Engine::new_iterator(const rocksdb::ReadOptions& options) const {
  std::unique_ptr<rocksdb::Iterator> iterator{db_->NewIterator(options)};
  static_cast<void>(batches_written_.load(std::memory_order_acquire));
  return iterator;
}

Space Engine::space() {
  const MonotonicTime now = std::chrono::steady_clock::now();
  if (now - space_checked_ >= space_check_interval) {
    space_checked_ = now;
    std::uint64_t free_bytes = 0;
    const rocksdb::IOStatus status =
        disk_.files->GetFreeSpace(directory_.paths.root, rocksdb::IOOptions{}, &free_bytes, nullptr);
    const std::uint64_t floor = options_.free_space_floor_bytes;
    // Unknown is enough: then the write itself finds out.
    free_space_ = !status.ok() || free_bytes >= floor ? Space::plenty
                  : free_bytes >= floor / 2           ? Space::scarce
                                                      : Space::none;
    if (free_space_ == Space::plenty && health_.load(std::memory_order_acquire) == Health::disk_full &&
        db_->Resume().ok())
      resume();
  }
  return health_.load(std::memory_order_acquire) == Health::disk_full ? Space::none : free_space_;
}

std::uint64_t Engine::approximate_bytes(std::string_view first, std::string_view end) const {
  const rocksdb::Range range{slice(first), slice(end)};
  std::uint64_t bytes = 0;
  return db_->GetApproximateSizes(&range, 1, &bytes).ok() ? bytes : 0;
}

// Files of level 0 stay, whose rows are of all kinds.
Result<> Engine::discard_files(std::string_view first, std::string_view end) const {
  const rocksdb::Slice begin = slice(first);
  const rocksdb::Slice limit = slice(end);
  const rocksdb::Status status =
      rocksdb::DeleteFilesInRange(db_.get(), db_->DefaultColumnFamily(), &begin, &limit, /*include_end=*/false);
  if (!status.ok()) return std::unexpected(to_error(status, "discarding files"));
  return {};
}

Result<> Engine::compact(std::string_view first, std::string_view end) const {
  const rocksdb::Slice begin = slice(first);
  const rocksdb::Slice limit = slice(end);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  const rocksdb::Status status = db_->CompactRange(options, &begin, &limit);
  if (!status.ok()) return std::unexpected(to_error(status, "compacting"));
  return {};
}

Written Engine::write(rocksdb::WriteBatch& batch) {
  if (failed()) return Written::unknown;
  const rocksdb::Status status = db_->Write(rocks_write_options(), &batch);
  bool written = status.ok();
#ifdef QUIPU_BUG_IGNORED_WRITE_ERROR
  written = true;
#endif
  if (!written) {
    if (is_passing(status)) {
      suspend();
    } else {
      fail_stop(to_error(status, "writing a batch"));
    }
    return Written::unknown;
  }
  batches_written_.fetch_add(1, std::memory_order_release);
  auto published = watermark_->publish(db_->GetLatestSequenceNumber());
  // Without space the watermark stays behind, which weakens the next check and breaks nothing.
  if (!published && published.error().code != ErrorCode::out_of_space) fail_stop(std::move(published).error());
  return Written::durable;
}

bool Engine::is_passing(const rocksdb::Status& status) const {
  if (!status.IsNoSpace() || disk_.figures->beyond_repair.load(std::memory_order_acquire)) return false;
  if (!disk_.figures->log_broken.load(std::memory_order_acquire)) return true;
  // RocksDB gets a new log by flushing the memtable. With an empty one it would go on with the broken log, and abort.
  std::uint64_t rows = 0;
  return db_->GetIntProperty(rocksdb::DB::Properties::kNumEntriesActiveMemTable, &rows) && rows > 0;
}

void Engine::suspend() {
  Health good = Health::good;
  if (!health_.compare_exchange_strong(good, Health::disk_full)) return;
  log_warning("disk_full", {{"directory", directory_.paths.root.string()}});
}

void Engine::resume() {
  Health full = Health::disk_full;
  disk_.figures->log_broken.store(false, std::memory_order_release);
  if (!health_.compare_exchange_strong(full, Health::good)) return;
  log_info("disk_has_space_again", {{"directory", directory_.paths.root.string()}});
}

void Engine::fail_stop(Error why) {
  std::function<void()> wake;
  const bool first = failure_.with([&](Failure& failure) {
    if (failure.error) return false;
    failure.error = why;
    wake = failure.wake;
    return true;
  });
  if (!first) return;
  health_.store(Health::failed, std::memory_order_release);
  log_error("storage_failed", {{"because", why.message}});
  if (wake) wake();
}

std::optional<Error> Engine::failure() const {
  return failure_.with([](const Failure& failure) { return failure.error; });
}

void Engine::set_failure_wake(std::function<void()> wake) {
  failure_.with([&](Failure& failure) { failure.wake = std::move(wake); });
}

StoreFigures Engine::figures() const {
  const auto property = [this](const rocksdb::Slice& name) {
    std::uint64_t value = 0;
    return db_->GetIntProperty(name, &value) ? value : 0;
  };
  StoreFigures figures;
  figures.last_sequence = db_->GetLatestSequenceNumber();
  figures.watermark_sequence = watermark_->synced_sequence();
  figures.rows_estimate = property(rocksdb::DB::Properties::kEstimateNumKeys);
  figures.table_bytes = property(rocksdb::DB::Properties::kTotalSstFilesSize);
  for (int level = 0; level < db_->NumberLevels(); ++level) {
    std::string files;
    if (db_->GetProperty(rocksdb::DB::Properties::kNumFilesAtLevelPrefix + std::to_string(level), &files)) {
      figures.table_files += std::strtoull(files.c_str(), nullptr, 10);
    }
  }
  figures.memtable_bytes = property(rocksdb::DB::Properties::kSizeAllMemTables);
  figures.block_cache_bytes = block_cache_->GetUsage();
  figures.write_stalls = write_stalls_.value();
  std::uint64_t free_bytes = 0;
  if (disk_.files->GetFreeSpace(directory_.paths.root, rocksdb::IOOptions{}, &free_bytes, nullptr).ok()) {
    figures.disk_free_bytes = free_bytes;
    figures.writes_stopped = free_bytes < options_.free_space_floor_bytes;
  }
  figures.writes_stopped |= health_.load(std::memory_order_relaxed) != Health::good;
  return figures;
}

}  // namespace quipu::storage
