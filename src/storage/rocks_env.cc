#include "storage/rocks_env.h"

#include <rocksdb/system_clock.h>

#include <algorithm>

namespace quipu::storage {

namespace {

// After a background error RocksDB sleeps a whole second, and closing waits for it. A store that has failed is to be
// gone at once.
class ImpatientClock final : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  static constexpr int sleep_microseconds_max = 20'000;

  const char* Name() const override { return "QuipuImpatientClock"; }
  void SleepForMicroseconds(int microseconds) override {
    SystemClockWrapper::SleepForMicroseconds(std::min(microseconds, sleep_microseconds_max));
  }
};

class StoreEnv final : public rocksdb::EnvWrapper {
 public:
  explicit StoreEnv(std::unique_ptr<rocksdb::Env> env) : EnvWrapper{std::move(env)} {
    system_clock_ = std::make_shared<ImpatientClock>(rocksdb::SystemClock::Default());
  }

  const char* Name() const override { return "QuipuStoreEnv"; }
};

}  // namespace

std::unique_ptr<rocksdb::Env> make_env(const std::shared_ptr<rocksdb::FileSystem>& disk) {
  return std::make_unique<StoreEnv>(rocksdb::NewCompositeEnv(disk));
}

}  // namespace quipu::storage
