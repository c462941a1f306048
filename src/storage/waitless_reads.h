// Reads of table files that never wait for the disk: what the kernel has in its page cache is read, all else is
// refused. RocksDB knows only its own cache, and a row that is in neither is the only one worth handing to another
// thread. Inside this folder only.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace quipu::storage {

// While one lives, reads of its thread that would wait end with the status Busy.
class WaitlessReads {
 public:
  WaitlessReads();
  ~WaitlessReads();
  WaitlessReads(const WaitlessReads&) = delete;
  WaitlessReads& operator=(const WaitlessReads&) = delete;
};

// `below` must keep its files as the kernel's files of the same names.
std::shared_ptr<rocksdb::FileSystem> with_waitless_reads(const std::shared_ptr<rocksdb::FileSystem>& below);

}  // namespace quipu::storage
