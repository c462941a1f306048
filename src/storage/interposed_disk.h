// Shows every call that changes a file or a directory to one observer, which lets it through, changes it or refuses it:
// what the simulated disks have in common. Inside this folder only.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace quipu::storage {

struct DiskCall {
  enum class Kind : std::uint8_t {
    open_new,       // an existing file of that name is replaced
    open_append,    // made if missing
    open_in_place,  // must exist
    append,
    write,
    truncate,
    sync,
    close,
    make_directory,
    erase,
    rename,
    sync_directory,
  };
  Kind kind;
  const std::string& path;
  const std::string* target = nullptr;  // rename
  std::uint64_t offset = 0;             // append: the size so far; write: the place; truncate: the new size
  std::size_t bytes = 0;                // append, write
};

std::string_view to_string(DiskCall::Kind kind);

class DiskObserver {
 public:
  // Does the call; of an append or a write, only so many bytes.
  using Perform = std::function<rocksdb::IOStatus(std::size_t bytes)>;

  virtual ~DiskObserver() = default;
  // From any thread. What it returns is the outcome.
  virtual rocksdb::IOStatus observe(const DiskCall& call, const Perform& perform) = 0;
};

std::shared_ptr<rocksdb::FileSystem> interpose(const std::shared_ptr<rocksdb::FileSystem>& below,
                                               std::shared_ptr<DiskObserver> observer);

}  // namespace quipu::storage
