// RocksDB's view of the machine: our disk, and a clock that does not sleep for long. Inside this folder only.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace quipu::storage {

std::unique_ptr<rocksdb::Env> make_env(const std::shared_ptr<rocksdb::FileSystem>& disk);

}  // namespace quipu::storage
