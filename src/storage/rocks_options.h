// How RocksDB is set up. Inside this folder only. Each setting that guards data was measured against its default.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <memory>

#include "storage/store.h"

namespace quipu::storage {

rocksdb::Options rocks_options(const StoreOptions& options, rocksdb::Env* env,
                               std::shared_ptr<rocksdb::Cache> block_cache);

// With --accept-loss, where rocks_options() refuse: whatever comes before the first damage in the logs.
rocksdb::Options salvage_options(rocksdb::Options options);

rocksdb::WriteOptions rocks_write_options();

// Bytes of checksum that follow each row of a batch through memory.
inline constexpr std::size_t protection_bytes_per_row = 8;

}  // namespace quipu::storage
