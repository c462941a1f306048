#include "storage/interposed_disk.h"

#include <array>
#include <utility>

namespace quipu::storage {

namespace {

using rocksdb::DataVerificationInfo;
using rocksdb::DirFsyncOptions;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using Kind = DiskCall::Kind;

class AppendedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  AppendedFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path, std::shared_ptr<DiskObserver> observer)
      : FSWritableFileOwnerWrapper{std::move(file)}, path_{std::move(path)}, observer_{std::move(observer)} {}

  // A file here is as long as what was appended, so that an observer knows which bytes were never synced.
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const DiskCall call{
        .kind = Kind::append, .path = path_, .offset = target()->GetFileSize(options, debug), .bytes = data.size()};
    return observer_->observe(
        call, [&](std::size_t bytes) { return target()->Append(Slice{data.data(), bytes}, options, debug); });
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  // For direct I/O, which the store does not use.
  IOStatus PositionedAppend(const Slice&, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("positioned append");
  }
  IOStatus PositionedAppend(const Slice&, std::uint64_t, const IOOptions&, const DataVerificationInfo&,
                            IODebugContext*) override {
    return IOStatus::NotSupported("positioned append");
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    const DiskCall call{.kind = Kind::truncate, .path = path_, .offset = size};
    return observer_->observe(call, [&](std::size_t) { return target()->Truncate(size, options, debug); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return observer_->observe({.kind = Kind::sync, .path = path_},
                              [&](std::size_t) { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return observer_->observe({.kind = Kind::sync, .path = path_},
                              [&](std::size_t) { return target()->Fsync(options, debug); });
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return observer_->observe({.kind = Kind::close, .path = path_},
                              [&](std::size_t) { return target()->Close(options, debug); });
  }
  // A hint to begin writing; no promise that anything is durable.
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  const std::string path_;
  const std::shared_ptr<DiskObserver> observer_;
};

class FileWrittenInPlace final : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  FileWrittenInPlace(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::string path,
                     std::shared_ptr<DiskObserver> observer)
      : FSRandomRWFileOwnerWrapper{std::move(file)}, path_{std::move(path)}, observer_{std::move(observer)} {}

  IOStatus Write(std::uint64_t offset, const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const DiskCall call{.kind = Kind::write, .path = path_, .offset = offset, .bytes = data.size()};
    return observer_->observe(
        call, [&](std::size_t bytes) { return target()->Write(offset, Slice{data.data(), bytes}, options, debug); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return observer_->observe({.kind = Kind::sync, .path = path_},
                              [&](std::size_t) { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }

 private:
  const std::string path_;
  const std::shared_ptr<DiskObserver> observer_;
};

class SyncedDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  SyncedDirectory(std::unique_ptr<rocksdb::FSDirectory> directory, std::string path,
                  std::shared_ptr<DiskObserver> observer)
      : FSDirectoryWrapper{std::move(directory)}, path_{std::move(path)}, observer_{std::move(observer)} {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return observer_->observe({.kind = Kind::sync_directory, .path = path_},
                              [&](std::size_t) { return FSDirectoryWrapper::Fsync(options, debug); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug, const DirFsyncOptions& what) override {
    return observer_->observe({.kind = Kind::sync_directory, .path = path_}, [&](std::size_t) {
      return FSDirectoryWrapper::FsyncWithDirOptions(options, debug, what);
    });
  }

 private:
  const std::string path_;
  const std::shared_ptr<DiskObserver> observer_;
};

class InterposedDisk final : public rocksdb::FileSystemWrapper {
 public:
  InterposedDisk(const std::shared_ptr<rocksdb::FileSystem>& below, std::shared_ptr<DiskObserver> observer)
      : FileSystemWrapper{below}, observer_{std::move(observer)} {}

  static const char* kClassName() { return "QuipuInterposedDisk"; }
  const char* Name() const override { return kClassName(); }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
    IOStatus status = observer_->observe({.kind = Kind::open_new, .path = path}, [&](std::size_t) {
      return target()->NewWritableFile(path, options, file, debug);
    });
    return wrap<AppendedFile>(std::move(status), path, file);
  }
  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
    IOStatus status = observer_->observe({.kind = Kind::open_append, .path = path}, [&](std::size_t) {
      return target()->ReopenWritableFile(path, options, file, debug);
    });
    return wrap<AppendedFile>(std::move(status), path, file);
  }
  // For recycled logs, which are off.
  IOStatus ReuseWritableFile(const std::string&, const std::string&, const FileOptions&,
                             std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) override {
    return IOStatus::NotSupported("reuse of a file");
  }
  IOStatus NewRandomRWFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* file, IODebugContext* debug) override {
    IOStatus status = observer_->observe({.kind = Kind::open_in_place, .path = path}, [&](std::size_t) {
      return target()->NewRandomRWFile(path, options, file, debug);
    });
    return wrap<FileWrittenInPlace>(std::move(status), path, file);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) override {
    return wrap<SyncedDirectory>(target()->NewDirectory(path, options, directory, debug), path, directory);
  }
  IOStatus CreateDir(const std::string& path, const IOOptions& options, IODebugContext* debug) override {
    return observer_->observe({.kind = Kind::make_directory, .path = path},
                              [&](std::size_t) { return target()->CreateDir(path, options, debug); });
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& options, IODebugContext* debug) override {
    if (target()->FileExists(path, options, debug).ok()) return IOStatus::OK();
    return CreateDir(path, options, debug);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* debug) override {
    return observer_->observe({.kind = Kind::erase, .path = path},
                              [&](std::size_t) { return target()->DeleteFile(path, options, debug); });
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    return observer_->observe({.kind = Kind::rename, .path = from, .target = &to},
                              [&](std::size_t) { return target()->RenameFile(from, to, options, debug); });
  }
  IOStatus Truncate(const std::string& path, std::size_t size, const IOOptions& options,
                    IODebugContext* debug) override {
    return observer_->observe({.kind = Kind::truncate, .path = path, .offset = size},
                              [&](std::size_t) { return target()->Truncate(path, size, options, debug); });
  }
  IOStatus LinkFile(const std::string&, const std::string&, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("hard link");
  }

 private:
  template <class Wrapper, class Below>
  IOStatus wrap(IOStatus status, const std::string& path, std::unique_ptr<Below>* file) {
    if (status.ok()) *file = std::make_unique<Wrapper>(std::move(*file), path, observer_);
    return status;
  }

  const std::shared_ptr<DiskObserver> observer_;
};

}  // namespace

std::string_view to_string(DiskCall::Kind kind) {
  constexpr std::array<std::string_view, 12> names{"open_new",       "open_append", "open_in_place", "append",
                                                   "write",          "truncate",    "sync",          "close",
                                                   "make_directory", "erase",       "rename",        "sync_directory"};
  return names.at(static_cast<std::size_t>(kind));
}

std::shared_ptr<rocksdb::FileSystem> interpose(const std::shared_ptr<rocksdb::FileSystem>& below,
                                               std::shared_ptr<DiskObserver> observer) {
  return std::make_shared<InterposedDisk>(below, std::move(observer));
}

}  // namespace quipu::storage
