// A disk that forgets what was never synced (simulated_disk.h). Inside this folder only.
#pragma once

#include <rocksdb/file_system.h>

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "storage/simulated_disk.h"

namespace quipu::storage {

// First takes from the directory what an earlier run under such a disk left unsynced.
Result<std::shared_ptr<rocksdb::FileSystem>> open_power_loss_disk(const std::shared_ptr<rocksdb::FileSystem>& below,
                                                                  const std::filesystem::path& directory,
                                                                  const PowerLoss& power_loss);

}  // namespace quipu::storage
