// One process at a time: an flock on the file LOCK, which goes away with the process however it ends.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace quipu::storage {

class DirectoryLock {
 public:
  // An error names the process that holds the lock. With `create` unset the file must be there already.
  static Result<DirectoryLock> take(const std::filesystem::path& path, bool create);

  DirectoryLock(DirectoryLock&& other) noexcept : descriptor_{other.descriptor_} { other.descriptor_ = -1; }
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int descriptor) : descriptor_{descriptor} {}

  int descriptor_;
};

}  // namespace quipu::storage
