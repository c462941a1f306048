// Opening the rows of a directory that was used before: what a power cut leaves is put right, damage is refused, and
// with --accept-loss as much as can be had is had. Inside this folder only.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <vector>

#include "base/result.h"
#include "storage/directory.h"
#include "storage/log_scan.h"
#include "storage/watermark.h"

namespace quipu::storage {

struct RowsToOpen {
  rocksdb::FileSystem& disk;
  const DirectoryPaths& paths;
  rocksdb::Options options;
  Watermark watermark;
  bool accept_loss = false;
};

// Opens the rows and checks them against the watermark.
Result<std::unique_ptr<rocksdb::DB>> recover_rows(const RowsToOpen& to_open);

// The same for reading only: changes nothing, and does not look at the watermark.
Result<std::unique_ptr<rocksdb::DB>> open_rows_to_read(const RowsToOpen& to_open);

// The watermark of the directory. With accept_loss a bad one is logged and counts as nothing known.
Result<Watermark> read_watermark(rocksdb::FileSystem& disk, const DirectoryPaths& paths, const Format& format,
                                 bool accept_loss);

}  // namespace quipu::storage
