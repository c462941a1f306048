#include "storage/own_file.h"

#include <memory>

#include "storage/status.h"

namespace quipu::storage {

namespace {

const rocksdb::IOOptions plain;

Result<> write_and_sync(rocksdb::FileSystem& disk, const std::filesystem::path& path, std::string_view bytes) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::IOStatus status = disk.NewWritableFile(path, rocksdb::FileOptions{}, &file, nullptr);
  if (status.ok()) status = file->Append(rocksdb::Slice{bytes.data(), bytes.size()}, plain, nullptr);
  if (status.ok()) status = file->Flush(plain, nullptr);
  if (status.ok()) status = file->Fsync(plain, nullptr);
  if (file != nullptr) {
    const rocksdb::IOStatus closed = file->Close(plain, nullptr);
    if (status.ok()) status = closed;
  }
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("writing {}", path.string())));
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_own_file(rocksdb::FileSystem& disk, const std::filesystem::path& path) {
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  rocksdb::IOStatus status = disk.FileExists(path, plain, nullptr);
  if (status.IsNotFound()) return std::nullopt;
  if (status.ok()) status = disk.NewSequentialFile(path, rocksdb::FileOptions{}, &file, nullptr);
  std::string bytes(own_file_bytes_max + 1, '\0');
  rocksdb::Slice got;
  if (status.ok()) status = file->Read(bytes.size(), plain, &got, bytes.data(), nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("reading {}", path.string())));
  if (got.size() > own_file_bytes_max) {
    return fail(ErrorCode::damaged, "{} is longer than {} bytes, which it never is", path.string(), own_file_bytes_max);
  }
  return got.ToString();
}

std::filesystem::path temporary_name(const std::filesystem::path& path) {
  return path.string() + ".new";
}

Result<> replace_own_file(rocksdb::FileSystem& disk, const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path temporary = temporary_name(path);
  QUIPU_CHECK(write_and_sync(disk, temporary, bytes));
  const rocksdb::IOStatus status = disk.RenameFile(temporary, path, plain, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("renaming to {}", path.string())));
#ifdef QUIPU_BUG_NO_DIRECTORY_FSYNC
  return {};
#endif
  return sync_directory(disk, path.parent_path());
}

Result<> sync_directory(rocksdb::FileSystem& disk, const std::filesystem::path& directory) {
  std::unique_ptr<rocksdb::FSDirectory> handle;
  rocksdb::IOStatus status = disk.NewDirectory(directory, plain, &handle, nullptr);
  if (status.ok()) status = handle->Fsync(plain, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("syncing {}", directory.string())));
  return {};
}

}  // namespace quipu::storage
