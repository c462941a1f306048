#include "storage/disk.h"

#include <algorithm>
#include <chrono>

#include "base/bytes.h"
#include "storage/fault_disk.h"
#include "storage/power_loss_disk.h"
#include "storage/simulated_disk.h"
#include "storage/waitless_reads.h"

namespace quipu::storage {

namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// The log grows into space that the file already has. A sync of bytes within the file's size has no new size to record
// in the file system's own journal, which is 141 us against 86 us on ext4. The rest of the file is zeros until it is
// closed; log_scan.h knows them.
constexpr std::size_t log_preallocation_bytes = 4_MiB;

enum class Content : std::uint8_t { log, manifest, other };

Content content_of(const std::string& path) {
  if (path.ends_with(".log")) return Content::log;
  return path.find("/MANIFEST-") != std::string::npos ? Content::manifest : Content::other;
}

class MeasuredFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  MeasuredFile(std::unique_ptr<rocksdb::FSWritableFile> file, const std::string& path,
               std::shared_ptr<DiskFigures> figures)
      : FSWritableFileOwnerWrapper{std::move(file)}, figures_{std::move(figures)}, content_{content_of(path)} {}

  void SetPreallocationBlockSize(std::size_t bytes) override {
    if (content_ == Content::log) bytes = std::min(bytes, log_preallocation_bytes);
    FSWritableFileOwnerWrapper::SetPreallocationBlockSize(bytes);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return judge_write(FSWritableFileOwnerWrapper::Append(data, options, debug));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification, IODebugContext* debug) override {
    return judge_write(FSWritableFileOwnerWrapper::Append(data, options, verification, debug));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (content_ != Content::log) return judge_sync(FSWritableFileOwnerWrapper::Sync(options, debug));
    const auto begin = std::chrono::steady_clock::now();
    IOStatus status = FSWritableFileOwnerWrapper::Sync(options, debug);
    const auto took = std::chrono::steady_clock::now() - begin;
    figures_->log_sync_microseconds.observe(
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    return judge_sync(std::move(status));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return judge_sync(FSWritableFileOwnerWrapper::Fsync(options, debug));
  }

 private:
  IOStatus judge_sync(IOStatus status) {
    if (!status.ok()) figures_->beyond_repair.store(true, std::memory_order_release);
    return status;
  }
  IOStatus judge_write(IOStatus status) {
    if (status.ok() || content_ == Content::other) return status;
    std::atomic<bool>& flag = content_ == Content::log ? figures_->log_broken : figures_->beyond_repair;
    flag.store(true, std::memory_order_release);
    return status;
  }

  const std::shared_ptr<DiskFigures> figures_;
  const Content content_;
};

class MeasuredDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  MeasuredDirectory(std::unique_ptr<rocksdb::FSDirectory> directory, std::shared_ptr<DiskFigures> figures)
      : FSDirectoryWrapper{std::move(directory)}, figures_{std::move(figures)} {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return judge(FSDirectoryWrapper::Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& what) override {
    return judge(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, what));
  }

 private:
  IOStatus judge(IOStatus status) {
    if (!status.ok()) figures_->beyond_repair.store(true, std::memory_order_release);
    return status;
  }

  const std::shared_ptr<DiskFigures> figures_;
};

class MeasuredDisk final : public rocksdb::FileSystemWrapper {
 public:
  MeasuredDisk(const std::shared_ptr<rocksdb::FileSystem>& below, std::shared_ptr<DiskFigures> figures)
      : FileSystemWrapper{below}, figures_{std::move(figures)} {}

  static const char* kClassName() { return "QuipuMeasuredDisk"; }
  const char* Name() const override { return kClassName(); }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
    rocksdb::FileOptions for_content = options;
    for_content.fallocate_with_keep_size = content_of(path) != Content::log;
    IOStatus status = FileSystemWrapper::NewWritableFile(path, for_content, file, debug);
    if (status.ok()) *file = std::make_unique<MeasuredFile>(std::move(*file), path, figures_);
    return status;
  }

  IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::ReopenWritableFile(path, options, file, debug);
    if (status.ok()) *file = std::make_unique<MeasuredFile>(std::move(*file), path, figures_);
    return status;
  }

  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewDirectory(path, options, directory, debug);
    if (status.ok()) *directory = std::make_unique<MeasuredDirectory>(std::move(*directory), figures_);
    return status;
  }

 private:
  const std::shared_ptr<DiskFigures> figures_;
};

}  // namespace

Disk measured_disk(std::shared_ptr<rocksdb::FileSystem> below) {
  auto figures = std::make_shared<DiskFigures>();
  return {std::make_shared<MeasuredDisk>(below, figures), figures};
}

Result<Disk> open_disk(std::string_view description, const std::filesystem::path& directory) {
  QUIPU_TRY(const DiskDescription disk, parse_disk(description));
  const auto real = with_waitless_reads(rocksdb::FileSystem::Default());
  if (const auto* power_loss = std::get_if<PowerLoss>(&disk)) {
    QUIPU_TRY(auto files, open_power_loss_disk(real, directory, *power_loss));
    return measured_disk(std::move(files));
  }
  if (const auto* fault = std::get_if<DiskFault>(&disk)) return measured_disk(make_fault_disk(real, *fault));
  return measured_disk(real);
}

}  // namespace quipu::storage
