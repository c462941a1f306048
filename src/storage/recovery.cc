#include "storage/recovery.h"

#include <rocksdb/convenience.h>
#include <rocksdb/wal_filter.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "storage/own_file.h"
#include "storage/rocks_options.h"
#include "storage/status.h"

namespace quipu::storage {

namespace {

std::uint64_t load_sequence(const rocksdb::WriteBatch& batch) {
  QUIPU_ASSERT(batch.GetDataSize() >= sizeof(std::uint64_t));
  std::uint64_t sequence;
  std::memcpy(&sequence, batch.Data().data(), sizeof sequence);
  return sequence;
}

std::string place_of(const LogScan& log) {
  return fmt::format("{} is damaged at byte {} of {}; {} whole batches come before it", log.path.string(),
                     log.good_bytes, log.file_bytes, log.batches);
}

// Looks on while RocksDB replays the logs. RocksDB skips a stretch of zeros in silence; a batch that does not follow
// the one before it gives that away.
class ReplayCheck final : public rocksdb::WalFilter {
 public:
  explicit ReplayCheck(const std::vector<LogScan>& logs) : logs_{logs} {}

  const char* Name() const override { return "QuipuReplayCheck"; }

  // Called once, before the replay: logs below a column family's number are obsolete and not replayed.
  void ColumnFamilyLogNumberMap(const std::map<std::uint32_t, std::uint64_t>& oldest_live_logs,
                                const std::map<std::string, std::uint32_t>&) override {
    if (logs_.empty() || oldest_live_logs.empty()) return;
    const std::uint64_t oldest_live = oldest_live_logs.begin()->second;
    for (const LogScan& log : logs_) {
      const bool newest = &log == &logs_.back();
      if (log.number >= oldest_live && log.torn && (!newest || log.damaged)) return note(place_of(log));
    }
  }

  WalProcessingOption LogRecordFound(unsigned long long, const std::string& log, const rocksdb::WriteBatch& batch,
                                     rocksdb::WriteBatch*, bool*) override {
    const std::uint64_t sequence = load_sequence(batch);
    if (next_sequence_ && sequence != *next_sequence_) {
      note(fmt::format("{}: the batch {} comes where {} must; what lies between is missing", log, sequence,
                       *next_sequence_));
    }
    next_sequence_ = sequence + static_cast<std::uint64_t>(batch.Count());
    return problem_.empty() ? WalProcessingOption::kContinueProcessing : WalProcessingOption::kCorruptedRecord;
  }

  // "" or what is wrong.
  const std::string& problem() const { return problem_; }

 private:
  void note(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  const std::vector<LogScan>& logs_;
  std::optional<std::uint64_t> next_sequence_;
  std::string problem_;
};

struct Opened {
  std::unique_ptr<rocksdb::DB> rows;
  rocksdb::Status status;
};

Opened open_rocksdb(const rocksdb::Options& options, const std::filesystem::path& path, bool read_only) {
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      read_only ? rocksdb::DB::OpenForReadOnly(options, path, &db) : rocksdb::DB::Open(options, path, &db);
  return {std::unique_ptr<rocksdb::DB>{db}, status};
}

// InvalidArgument and NotFound are what RocksDB says of missing files of its own.
Error open_error(const rocksdb::Status& status, const std::filesystem::path& rows) {
  Error error = to_error(status, fmt::format("opening {}", rows.string()));
  if (status.IsInvalidArgument() || status.IsNotFound() || status.IsPathNotFound()) error.code = ErrorCode::damaged;
  if (error.code == ErrorCode::damaged) error.message += fmt::format("; {}", loss_advice);
  return error;
}

Result<std::unique_ptr<rocksdb::DB>> open_checked(const RowsToOpen& to_open, const std::vector<LogScan>& logs,
                                                  bool read_only) {
  ReplayCheck check{logs};
  rocksdb::Options options = to_open.options;
  options.wal_filter = &check;
  Opened opened = open_rocksdb(options, to_open.paths.rows, read_only);
  if (!check.problem().empty()) return fail(ErrorCode::damaged, "{}; {}", check.problem(), loss_advice);
  if (!opened.status.ok()) return std::unexpected(open_error(opened.status, to_open.paths.rows));
  return std::move(opened.rows);
}

Result<std::unique_ptr<rocksdb::DB>> open_to_read(const RowsToOpen& to_open, const std::vector<LogScan>& logs) {
  if (logs.empty() || !logs.back().torn || logs.back().damaged) return open_checked(to_open, logs, true);
  // RocksDB refuses some torn ends. What a start would cut off is not read here either.
  RowsToOpen up_to_the_tear = to_open;
  up_to_the_tear.options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return open_checked(up_to_the_tear, logs, true);
}

std::string newest_log_words(const std::vector<LogScan>& logs) {
  if (logs.empty()) return "there is no log";
  const LogScan& log = logs.back();
  return fmt::format("the newest log is {} with {} bytes, of which {} are whole", log.path.string(), log.file_bytes,
                     log.good_bytes);
}

Error short_of_watermark(std::uint64_t found, const Watermark& watermark, const std::vector<LogScan>& logs) {
  return {ErrorCode::damaged,
          fmt::format("{} synced writes are missing: everything up to sequence {} was synced, and what is left ends at "
                      "{}; {}; {}",
                      watermark.sequence - found, watermark.sequence, found, newest_log_words(logs), loss_advice)};
}

// What is short of the watermark is refused before anything is changed, so that a log that somebody moved away can be
// moved back.
Result<> refuse_loss(const RowsToOpen& to_open, const std::vector<LogScan>& logs) {
  std::uint64_t found = 0;
  for (const LogScan& log : logs) found = std::max(found, log.last_sequence);
  if (found >= to_open.watermark.sequence) return {};
  // After a clean close it is all in the tables.
  QUIPU_TRY(const auto rows, open_to_read(to_open, logs));
  found = rows->GetLatestSequenceNumber();
  if (found < to_open.watermark.sequence) return std::unexpected(short_of_watermark(found, to_open.watermark, logs));
  return {};
}

Result<std::unique_ptr<rocksdb::DB>> recover_strictly(const RowsToOpen& to_open) {
  QUIPU_TRY(const std::vector<LogScan> logs, scan_logs(to_open.disk, to_open.paths.rows));
  // An older log is judged by ReplayCheck, which knows whether it still counts.
  const LogScan* newest = logs.empty() ? nullptr : &logs.back();
  if (newest != nullptr && newest->damaged) return fail(ErrorCode::damaged, "{}; {}", place_of(*newest), loss_advice);
  QUIPU_CHECK(refuse_loss(to_open, logs));
  if (newest != nullptr && newest->torn) {
    log_info("torn_tail_cut", {{"log", newest->path.string()}, {"bytes", newest->file_bytes - newest->good_bytes}});
    QUIPU_CHECK(cut_torn_tail(to_open.disk, *newest));
  }
  QUIPU_TRY(auto rows, open_checked(to_open, logs, false));
  const std::uint64_t found = rows->GetLatestSequenceNumber();
  if (found >= to_open.watermark.sequence) return rows;
  return std::unexpected(short_of_watermark(found, to_open.watermark, logs));
}

Result<> salvage(const RowsToOpen& to_open) {
  const rocksdb::Options options = salvage_options(to_open.options);
  Opened opened = open_rocksdb(options, to_open.paths.rows, false);
  if (!opened.status.ok()) {
    log_warning("repairing_rows", {{"because", opened.status.ToString()}});
    const rocksdb::Status repaired = rocksdb::RepairDB(to_open.paths.rows, options);
    if (!repaired.ok()) return std::unexpected(to_error(repaired, "repairing the rows"));
    opened = open_rocksdb(options, to_open.paths.rows, false);
  }
  if (!opened.status.ok()) return std::unexpected(to_error(opened.status, "opening the repaired rows"));
  rocksdb::Status status = opened.rows->Flush(rocksdb::FlushOptions{});
  if (status.ok()) status = opened.rows->Close();
  if (!status.ok()) return std::unexpected(to_error(status, "closing the repaired rows"));
  return {};
}

}  // namespace

Result<std::unique_ptr<rocksdb::DB>> recover_rows(const RowsToOpen& to_open) {
#ifdef QUIPU_BUG_DEFAULT_RECOVERY_MODE
  Opened opened = open_rocksdb(to_open.options, to_open.paths.rows, false);
  if (opened.status.ok()) return std::move(opened.rows);
#endif
  auto rows = recover_strictly(to_open);
  if (rows || !to_open.accept_loss || rows.error().code != ErrorCode::damaged) return rows;
  log_warning("loss_accepted", {{"because", rows.error().message}});
  QUIPU_CHECK(salvage(to_open));
  RowsToOpen salvaged = to_open;
  salvaged.watermark = {};
  return recover_strictly(salvaged);
}

Result<std::unique_ptr<rocksdb::DB>> open_rows_to_read(const RowsToOpen& to_open) {
  QUIPU_TRY(const std::vector<LogScan> logs, scan_logs(to_open.disk, to_open.paths.rows));
  return open_to_read(to_open, logs);
}

Result<Watermark> read_watermark(rocksdb::FileSystem& disk, const DirectoryPaths& paths, const Format& format,
                                 bool accept_loss) {
  const std::filesystem::path& path = paths.watermark;
  QUIPU_TRY(const auto bytes, read_own_file(disk, path));
  Result<Watermark> watermark =
      bytes ? decode_watermark_file(*bytes, format.store_id) : fail(ErrorCode::damaged, "it is missing");
  if (watermark) return watermark;
  const std::string why = fmt::format("{}: {}", path.string(), watermark.error().message);
  if (!accept_loss) {
    return fail(ErrorCode::damaged, "{}; without it nobody can tell whether synced writes are missing; {}", why,
                loss_advice);
  }
  log_warning("loss_accepted", {{"because", why}});
  return Watermark{};
}

}  // namespace quipu::storage
