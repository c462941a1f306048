// The file system that the store works through: the machine's, with its syncs measured, or one that fails on purpose
// (simulated_disk.h). Inside this folder only.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/metrics.h"
#include "base/result.h"

namespace quipu::storage {

struct DiskFigures {
  Histogram log_sync_microseconds;
  // Nothing may be written any more until the directory is opened again, whatever the error was. A sync has failed:
  // what the kernel held for it may be gone, and no later sync would say so. Or RocksDB's manifest could not be
  // written: after that, going on when there is space again can leave a manifest that does not open.
  std::atomic<bool> beyond_repair{false};
  // RocksDB's writer of this log takes nothing more; a new log is needed.
  std::atomic<bool> log_broken{false};
};

struct Disk {
  std::shared_ptr<rocksdb::FileSystem> files;
  std::shared_ptr<DiskFigures> figures;
};

// The directory is locked by the caller. A disk that loses power loses it here, before anything is read.
Result<Disk> open_disk(std::string_view description, const std::filesystem::path& directory);

// The layer that measures, over any other.
Disk measured_disk(std::shared_ptr<rocksdb::FileSystem> below);

}  // namespace quipu::storage
