#include "storage/status.h"

namespace quipu::storage {

namespace {

ErrorCode code_of(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return ErrorCode::out_of_space;
  if (status.IsCorruption()) return ErrorCode::damaged;
  if (status.IsBusy() || status.IsTimedOut() || status.IsTryAgain()) return ErrorCode::unavailable;
  return ErrorCode::environment;
}

}  // namespace

Error to_error(const rocksdb::Status& status, std::string_view doing) {
  return {code_of(status), fmt::format("while {}: {}", doing, status.ToString())};
}

}  // namespace quipu::storage
