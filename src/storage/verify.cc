#include <rocksdb/cache.h>
#include <rocksdb/db.h>

#include <optional>

#include "storage/directory.h"
#include "storage/log_bridge.h"
#include "storage/recovery.h"
#include "storage/rocks_options.h"
#include "storage/status.h"
#include "storage/store.h"

namespace quipu::storage {

namespace {

using CheckRow = std::function<std::string(std::string_view key, std::string_view value)>;
using Progress = std::function<void(double)>;

constexpr std::uint64_t rows_between_progress = 65'536;
constexpr double progress_after_files = 0.5;

// One examination of one directory; collects what is wrong and goes on as far as it can.
class Examination {
 public:
  Examination(const std::filesystem::path& directory, const CheckRow& check_row, const Progress& progress)
      : paths_{directory}, check_row_{check_row}, progress_{progress} {}

  VerifyReport run() {
    if (const auto format = examine_format()) {
      if (format->state == Format::State::creating) return report_;  // never finished: nothing was ever acknowledged
      examine_watermark(*format);
    }
    if (open_rows()) {
      examine_files();
      examine_rows();
      say_progress(1);
    }
    return std::move(report_);
  }

 private:
  void problem(std::string what) {
    if (report_.problems.size() < verify_problems_max) {
      report_.problems.push_back(std::move(what));
    } else {
      ++report_.problems_not_listed;
    }
  }

  void say_progress(double done) {
    if (progress_) progress_(done);
  }

  std::optional<Format> examine_format() {
    auto format = read_format(*disk_, paths_);
    if (format) return *std::move(format);
    problem(format.error().message);
    return std::nullopt;
  }

  void examine_watermark(const Format& format) {
    auto watermark = read_watermark(*disk_, paths_, format, false);
    if (!watermark) return problem(watermark.error().message);
    report_.watermark = watermark->sequence;
  }

  bool open_rows() {
    const auto cache = rocksdb::NewLRUCache(StoreOptions{}.block_cache_bytes);
    rocksdb::Options options = rocks_options({}, rocksdb::Env::Default(), cache);
    options.info_log = make_log_bridge(rocksdb::InfoLogLevel::FATAL_LEVEL);  // what is wrong is in the report
    auto rows = open_rows_to_read({*disk_, paths_, options, {}, false});
    if (!rows) {
      problem(rows.error().message);
      return false;
    }
    rows_ = *std::move(rows);
    report_.last_sequence = rows_->GetLatestSequenceNumber();
    if (report_.last_sequence < report_.watermark) {
      problem(fmt::format("{} synced writes are missing: the watermark stands at {}, the rows end at {}",
                          report_.watermark - report_.last_sequence, report_.watermark, report_.last_sequence));
    }
    return true;
  }

  void examine_files() {
    std::vector<rocksdb::LiveFileMetaData> files;
    rows_->GetLiveFilesMetaData(&files);
    report_.table_files = files.size();
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    rocksdb::Status status = rows_->VerifyFileChecksums(options);
    if (!status.ok()) problem(status.ToString());
    status = rows_->VerifyChecksum(options);
    if (!status.ok()) problem(status.ToString());
    say_progress(progress_after_files);
  }

  void examine_rows() {
    std::uint64_t expected = 0;
    rows_->GetIntProperty(rocksdb::DB::Properties::kEstimateNumKeys, &expected);
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    options.verify_checksums = true;
    const std::unique_ptr<rocksdb::Iterator> at{rows_->NewIterator(options)};
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      ++report_.rows;
      if (check_row_) {
        std::string wrong = check_row_(at->key().ToStringView(), at->value().ToStringView());
        if (!wrong.empty()) problem(std::move(wrong));
      }
      if (report_.rows % rows_between_progress == 0 && report_.rows < expected) {
        const double part = static_cast<double>(report_.rows) / static_cast<double>(expected);
        say_progress(progress_after_files + (1 - progress_after_files) * part);
      }
    }
    if (!at->status().ok()) problem(at->status().ToString());
  }

  const DirectoryPaths paths_;
  const CheckRow& check_row_;
  const Progress& progress_;
  const std::shared_ptr<rocksdb::FileSystem> disk_ = rocksdb::FileSystem::Default();
  std::unique_ptr<rocksdb::DB> rows_;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify(const std::filesystem::path& directory, const CheckRow& check_row,
                            const Progress& progress) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(directory, error).lexically_normal();
  if (!std::filesystem::is_directory(whole, error)) {
    return fail(ErrorCode::not_found, "there is no directory {}", whole.string());
  }
  // A copy may have no LOCK; then nobody holds it either.
  std::optional<DirectoryLock> lock;
  if (const DirectoryPaths paths{whole}; std::filesystem::exists(paths.lock, error)) {
    QUIPU_TRY(DirectoryLock taken, DirectoryLock::take(paths.lock, false));
    lock.emplace(std::move(taken));
  }
  return Examination{whole, check_row, progress}.run();
}

}  // namespace quipu::storage
