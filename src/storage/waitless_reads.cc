#include "storage/waitless_reads.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/assert.h"

namespace quipu::storage {

namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

thread_local bool must_not_wait = false;

IOStatus would_wait() {
  return IOStatus::Busy("the read would wait for the disk");
}

// A table file: written once, then only read.
class TableFile final : public rocksdb::FSRandomAccessFile {
 public:
  TableFile(std::string path, int descriptor) : path_{std::move(path)}, descriptor_{descriptor} {}
  ~TableFile() override { ::close(descriptor_); }
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;

  IOStatus Read(std::uint64_t offset, std::size_t bytes, const IOOptions&, rocksdb::Slice* result, char* scratch,
                IODebugContext*) const override {
    std::size_t done = 0;
    while (done < bytes) {
      iovec rest{.iov_base = scratch + done, .iov_len = bytes - done};
      const ssize_t got =
          ::preadv2(descriptor_, &rest, 1, static_cast<off_t>(offset + done), must_not_wait ? RWF_NOWAIT : 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && must_not_wait) return would_wait();
      if (got < 0) return IOStatus::IOError("reading " + path_, std::strerror(errno));
      if (got == 0) break;  // the file's end
      done += static_cast<std::size_t>(got);
    }
    *result = {scratch, done};
    return IOStatus::OK();
  }

  IOStatus Prefetch(std::uint64_t offset, std::size_t bytes, const IOOptions&, IODebugContext*) override {
    if (must_not_wait) return would_wait();
    return advise(offset, bytes, POSIX_FADV_WILLNEED);
  }
  IOStatus InvalidateCache(std::size_t offset, std::size_t bytes) override {
    return advise(offset, bytes, POSIX_FADV_DONTNEED);
  }
  void Hint(AccessPattern pattern) override {
    const int advice = pattern == kRandom       ? POSIX_FADV_RANDOM
                       : pattern == kSequential ? POSIX_FADV_SEQUENTIAL
                       : pattern == kWillNeed   ? POSIX_FADV_WILLNEED
                       : pattern == kWontNeed   ? POSIX_FADV_DONTNEED
                                                : POSIX_FADV_NORMAL;
    static_cast<void>(advise(0, 0, advice));
  }

 private:
  IOStatus advise(std::uint64_t offset, std::size_t bytes, int advice) const {
    const int error = ::posix_fadvise(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(bytes), advice);
    if (error != 0) return IOStatus::IOError("advising on " + path_, std::strerror(error));
    return IOStatus::OK();
  }

  const std::string path_;
  const int descriptor_;
};

class WaitlessDisk final : public rocksdb::FileSystemWrapper {
 public:
  explicit WaitlessDisk(const std::shared_ptr<rocksdb::FileSystem>& below) : FileSystemWrapper{below} {}

  static const char* kClassName() { return "QuipuWaitlessDisk"; }
  const char* Name() const override { return kClassName(); }

  IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file, IODebugContext*) override {
    if (must_not_wait) return would_wait();
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      const std::string what = "opening " + path;
      return errno == ENOENT ? IOStatus::PathNotFound(what, std::strerror(errno))
                             : IOStatus::IOError(what, std::strerror(errno));
    }
    *file = std::make_unique<TableFile>(path, descriptor);
    return IOStatus::OK();
  }
};

}  // namespace

WaitlessReads::WaitlessReads() {
  QUIPU_ASSERT(!must_not_wait, "two of them on one thread");
  must_not_wait = true;
}

WaitlessReads::~WaitlessReads() {
  must_not_wait = false;
}

std::shared_ptr<rocksdb::FileSystem> with_waitless_reads(const std::shared_ptr<rocksdb::FileSystem>& below) {
  return std::make_shared<WaitlessDisk>(below);
}

}  // namespace quipu::storage
