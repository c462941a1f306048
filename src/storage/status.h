// RocksDB's status becomes an Error here and nowhere else. Inside this folder only.
#pragma once

#include <rocksdb/status.h>

#include <string_view>

#include "base/result.h"

namespace quipu::storage {

// `doing` completes "while ...".
Error to_error(const rocksdb::Status& status, std::string_view doing);

}  // namespace quipu::storage
