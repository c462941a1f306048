// What a power cut would take from a directory: the journal that a power-loss disk keeps, and the loss itself. Inside
// this folder only.
//
// Beside DIRECTORY lies DIRECTORY.unsynced:
//   journal   entries, appended before the change they speak of (a sync: after it), so that kill -9 finds them all
//   kept.N    files that were deleted or replaced, until their directory is synced
//   plan      the loss as steps that can be taken twice; there while a loss is under way
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu::storage {

struct JournalEntry {
  enum class Kind : std::uint8_t {
    tracked = 1,     // path is opened to be changed; `number` bytes of it are durable
    created,         // path comes into being; `kept` is what it replaces
    made_directory,  //
    erased,          // `kept` is what goes away
    renamed,         // path becomes `other`; `kept` is what it replaces
    overwritten,     // at `number` stood `other`
    synced,          // `number` bytes of path and its first `kept` overwrites are durable
    directory_synced,
  };
  Kind kind = Kind::tracked;
  std::string path;
  std::string other;
  std::uint64_t number = 0;
  std::uint64_t kept = 0;  // 0: nothing was there
};

void append_entry(std::string& out, const JournalEntry& entry);
// Stops in silence at an entry that is cut short: its change was never made.
std::vector<JournalEntry> decode_journal(std::string_view bytes);

class UnsyncedSide {
 public:
  explicit UnsyncedSide(const std::filesystem::path& directory) : root_{directory.string() + ".unsynced"} {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path journal() const { return root_ / "journal"; }
  std::filesystem::path plan() const { return root_ / "plan"; }
  std::filesystem::path kept(std::uint64_t number) const { return root_ / ("kept." + std::to_string(number)); }
  std::filesystem::path final(std::uint64_t number) const { return root_ / ("final." + std::to_string(number)); }

 private:
  std::filesystem::path root_;
};

// Takes from the directory what the journal says is unsynced, as the seed chooses, and empties the side directory. A
// kill in the middle is no harm: the next call goes on.
Result<> lose_power(const UnsyncedSide& side, std::uint64_t seed);

}  // namespace quipu::storage
