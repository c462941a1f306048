// Disks that fail on purpose, for the tests and for `quipu torture`. A description names one:
//
//   power-loss:seed=7[,at=N]
//       What was never synced is lost when the process is killed: bytes, and names in directories. Nothing is really
//       synced; a journal beside the directory remembers what a power cut would take, and the next open with such a
//       description takes it first. The seed chooses, again at each loss, between losing everything unsynced, keeping a
//       random part of it, and tearing the end of what is kept. With `at`, the power goes at the N-th call: everything
//       from there on fails and changes nothing.
//
//   fault:at=N[,kind=eio|enospc|short][,calls=any|sync][,for=once|ever][,report=PATH]
//       The N-th call (of the syncs only, with calls=sync) fails, or that and every later one. `short` writes a part
//       and fails. When it happens, a line that says where is appended to the file `report`.
//
// Calls are counted from 1 over everything that changes a file or a directory: open for writing, append, write,
// truncate, sync, close, create, rename, delete, sync of a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace quipu::storage {

struct PowerLoss {
  std::uint64_t seed = 0;
  std::uint64_t at = 0;  // 0: only when the process is killed
};

struct DiskFault {
  enum class Kind : std::uint8_t { input_output_error, no_space, short_write };
  enum class Calls : std::uint8_t { any, syncs };

  std::uint64_t at = 0;
  Kind kind = Kind::input_output_error;
  Calls calls = Calls::any;
  bool for_ever = false;
  std::filesystem::path report;
};

// "" is RealDisk.
struct RealDisk {};
using DiskDescription = std::variant<RealDisk, PowerLoss, DiskFault>;
Result<DiskDescription> parse_disk(std::string_view description);

}  // namespace quipu::storage
