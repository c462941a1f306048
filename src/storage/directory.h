// The identity of a data directory: what lies in it, whether it is ours, and how it comes into being. Inside this
// folder only. The layout is docs/formats/directory.md.
//
// Creation: FORMAT "creating" -> rows/ and WATERMARK -> FORMAT "ready", each step durable before the next. A crash
// before "ready" has lost nothing, because nothing was acknowledged: the next open begins again.
#pragma once

#include <rocksdb/file_system.h>

#include <filesystem>

#include "base/result.h"
#include "storage/directory_lock.h"
#include "storage/format_file.h"

namespace quipu::storage {

struct DirectoryPaths {
  explicit DirectoryPaths(const std::filesystem::path& directory)
      : root{directory},
        lock{directory / "LOCK"},
        format{directory / "FORMAT"},
        watermark{directory / "WATERMARK"},
        rows{directory / "rows"} {}

  std::filesystem::path root;
  std::filesystem::path lock;
  std::filesystem::path format;
  std::filesystem::path watermark;
  std::filesystem::path rows;  // RocksDB's own
};

struct OpenDirectory {
  DirectoryPaths paths;
  DirectoryLock lock;
  std::filesystem::path oldest_ancestor;  // of the directories above it, the nearest that was there before
  Format format;
};

// Locks the directory. It is made if it is missing, unless it must be there already and hold a store.
Result<OpenDirectory> lock_directory(const std::filesystem::path& directory, bool make);

// Reads FORMAT, or writes it as "creating" where the directory is new or was never finished.
Result<> identify(rocksdb::FileSystem& disk, OpenDirectory& directory, bool accept_loss);

// The last step of creation.
Result<> mark_ready(rocksdb::FileSystem& disk, OpenDirectory& directory);

// Reads FORMAT of a directory that must be there and finished.
Result<Format> read_format(rocksdb::FileSystem& disk, const DirectoryPaths& paths);

inline constexpr const char* loss_advice =
    "restore the directory from a backup, or start once with --accept-loss to go on with what is left";

}  // namespace quipu::storage
