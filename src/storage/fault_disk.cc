#include "storage/fault_disk.h"

#include <atomic>
#include <fstream>

#include "storage/interposed_disk.h"

namespace quipu::storage {

namespace {

using rocksdb::IOStatus;
using Kind = DiskCall::Kind;

class FaultObserver final : public DiskObserver {
 public:
  explicit FaultObserver(DiskFault fault) : fault_{std::move(fault)} {}

  IOStatus observe(const DiskCall& call, const Perform& perform) override {
    if (!counts(call.kind)) return perform(call.bytes);
    const std::uint64_t number = calls_.fetch_add(1) + 1;
    const bool fails = fault_.for_ever ? number >= fault_.at : number == fault_.at;
    if (!fails) return perform(call.bytes);
    if (number == fault_.at) report(call);
    const bool takes_bytes = call.kind == Kind::append || call.kind == Kind::write;
    if (fault_.kind == DiskFault::Kind::short_write && takes_bytes) {
      if (auto status = perform(call.bytes / 2); !status.ok()) return status;
    }
    // A file is closed whatever close() says.
    if (call.kind == Kind::close) perform(0).PermitUncheckedError();
    if (fault_.kind == DiskFault::Kind::no_space) return IOStatus::NoSpace("simulated", call.path);
    return IOStatus::IOError("simulated input/output error", call.path);
  }

 private:
  bool counts(Kind kind) const {
    return fault_.calls == DiskFault::Calls::any || kind == Kind::sync || kind == Kind::sync_directory;
  }

  void report(const DiskCall& call) const {
    if (fault_.report.empty()) return;
    std::ofstream{fault_.report, std::ios::app} << to_string(call.kind) << ' ' << call.path << '\n';
  }

  const DiskFault fault_;
  std::atomic<std::uint64_t> calls_{0};
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> make_fault_disk(const std::shared_ptr<rocksdb::FileSystem>& below,
                                                     const DiskFault& fault) {
  return interpose(below, std::make_shared<FaultObserver>(fault));
}

}  // namespace quipu::storage
