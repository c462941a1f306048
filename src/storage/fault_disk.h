// A disk whose n-th call fails (simulated_disk.h). Inside this folder only.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

#include "storage/simulated_disk.h"

namespace quipu::storage {

std::shared_ptr<rocksdb::FileSystem> make_fault_disk(const std::shared_ptr<rocksdb::FileSystem>& below,
                                                     const DiskFault& fault);

}  // namespace quipu::storage
