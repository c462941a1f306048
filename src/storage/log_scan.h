// Reads RocksDB's write-ahead logs without RocksDB, to tell a torn tail from damage and to name the place. Inside this
// folder only.
//
// A log is a row of 32 KiB blocks of records; a record never crosses a block:
//
//   record = checksum (u32, masked CRC-32C of type and payload) length (u16) type (u8: full, first, middle, last)
//   payload
//
// all little-endian; the fragments of one batch joined begin with the batch's first sequence number (u64) and its
// number of rows (u32).
//
// A log that is being written, or that a crash has left, is longer than its batches: zeros follow (disk.cc).
//
// The committer appends a batch only after the one before it was synced. So a bad record with the beginning of another
// batch after it had been synced: that is damage. A bad record with no batch after it is the end that a power cut tore,
// and if it had been synced for longer than the watermark's interval, the watermark knows.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/result.h"

namespace quipu::storage {

struct LogScan {
  std::filesystem::path path;
  std::uint64_t number = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t good_bytes = 0;  // up to the end of the last whole batch
  std::uint64_t batches = 0;
  std::uint64_t last_sequence = 0;  // of the last whole batch; 0 without one
  bool torn = false;                // bytes other than unwritten space come after good_bytes, and are no whole batch
  bool damaged = false;             // and a batch begins after them
};

LogScan scan_log(std::string_view bytes);

// Every log in the directory, oldest first.
Result<std::vector<LogScan>> scan_logs(rocksdb::FileSystem& disk, const std::filesystem::path& directory);

// Takes off what comes after good_bytes.
Result<> cut_torn_tail(rocksdb::FileSystem& disk, const LogScan& log);

}  // namespace quipu::storage
