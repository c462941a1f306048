// What RocksDB has to say goes into our log and not into files of its own. Inside this folder only.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace quipu::storage {

std::shared_ptr<rocksdb::Logger> make_log_bridge(rocksdb::InfoLogLevel from);

}  // namespace quipu::storage
