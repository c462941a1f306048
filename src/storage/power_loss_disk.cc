#include "storage/power_loss_disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <mutex>
#include <vector>

#include "base/assert.h"
#include "storage/interposed_disk.h"
#include "storage/power_loss_journal.h"

namespace quipu::storage {

namespace {

namespace fs = std::filesystem;
using rocksdb::IOStatus;
using Kind = DiskCall::Kind;
using Entry = JournalEntry::Kind;

class PowerLossObserver final : public DiskObserver {
 public:
  PowerLossObserver(UnsyncedSide side, std::uint64_t at)
      : side_{std::move(side)},
        at_{at},
        journal_{::open(side_.journal().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640)} {
    QUIPU_ASSERT(journal_ >= 0, "{}", side_.journal().string());
  }
  ~PowerLossObserver() override { ::close(journal_); }

  IOStatus observe(const DiskCall& call, const Perform& perform) override {
    const std::scoped_lock lock{mutex_};
    if (at_ != 0 && ++calls_ >= at_) return IOStatus::IOError("simulated power loss", call.path);
    switch (call.kind) {
      case Kind::open_new: return create(call.path, perform);
      case Kind::open_append:
        if (!fs::exists(call.path)) return create(call.path, perform);
        track(call.path);
        return perform(0);
      case Kind::open_in_place: track(call.path); return perform(0);
      case Kind::append: return append(call, perform);
      case Kind::write: return overwrite(call, perform);
      case Kind::truncate: return truncate(call, perform);
      case Kind::sync:
        if (const auto found = files_.find(call.path); found != files_.end()) {
          note(Entry::synced, call.path, "", found->second.size, found->second.overwrites);
        }
        return IOStatus::OK();
      case Kind::close: return perform(0);
      case Kind::make_directory: note_unconfirmed(Entry::made_directory, call.path, "", 0); return perform(0);
      case Kind::erase:
        note_unconfirmed(Entry::erased, call.path, "", keep(call.path));
        files_.erase(call.path);
        return perform(0);
      case Kind::rename: return rename(call.path, *call.target, perform);
      case Kind::sync_directory: return sync_directory(call.path);
    }
    return IOStatus::NotSupported("unknown call");
  }

 private:
  struct File {
    std::uint64_t size = 0;
    std::uint64_t overwrites = 0;  // since it was tracked
  };

  void note(Entry kind, const std::string& path, const std::string& other, std::uint64_t number, std::uint64_t kept) {
    std::string bytes;
    append_entry(bytes, {kind, path, other, number, kept});
    const ssize_t written = ::write(journal_, bytes.data(), bytes.size());
    QUIPU_ASSERT(written == static_cast<ssize_t>(bytes.size()), "{} of {} bytes", written, bytes.size());
  }

  // A change of names, to be forgotten when its directory is synced.
  void note_unconfirmed(Entry kind, const std::string& path, const std::string& other, std::uint64_t kept) {
    note(kind, path, other, 0, kept);
    if (kept != 0) kept_[fs::path{path}.parent_path()].push_back(kept);
  }

  // The number under which the file at `path` is kept; 0 when there is none.
  std::uint64_t keep(const std::string& path) {
    if (!fs::exists(path)) return 0;
    fs::create_hard_link(path, side_.kept(++last_kept_));
    return last_kept_;
  }

  void track(const std::string& path) {
    if (files_.contains(path)) return;
    const std::uint64_t size = fs::exists(path) ? fs::file_size(path) : 0;
    note(Entry::tracked, path, "", size, 0);
    files_[path] = {.size = size};
  }

  IOStatus create(const std::string& path, const Perform& perform) {
    note_unconfirmed(Entry::created, path, "", keep(path));
    fs::remove(path);  // opening would empty the very file that is kept
    files_[path] = {};
    return perform(0);
  }

  IOStatus append(const DiskCall& call, const Perform& perform) {
    IOStatus status = perform(call.bytes);
    files_[call.path].size = call.offset + call.bytes;
    return status;
  }

  IOStatus overwrite(const DiskCall& call, const Perform& perform) {
    File& file = files_[call.path];
    std::string old_bytes(call.bytes, '\0');
    std::ifstream in{call.path, std::ios::binary};
    in.seekg(static_cast<std::streamoff>(call.offset));
    in.read(old_bytes.data(), static_cast<std::streamsize>(old_bytes.size()));
    old_bytes.resize(static_cast<std::size_t>(in.gcount()));
    note(Entry::overwritten, call.path, old_bytes, call.offset, 0);
    ++file.overwrites;
    file.size = std::max(file.size, call.offset + call.bytes);
    return perform(call.bytes);
  }

  // What is cut off comes back if the cut is not synced.
  IOStatus truncate(const DiskCall& call, const Perform& perform) {
    track(call.path);
    File& file = files_[call.path];
    if (call.offset < file.size) {
      std::ifstream in{call.path, std::ios::binary};
      in.seekg(static_cast<std::streamoff>(call.offset));
      note(Entry::overwritten, call.path, {std::istreambuf_iterator<char>{in}, {}}, call.offset, 0);
      ++file.overwrites;
    }
    file.size = call.offset;
    return perform(0);
  }

  IOStatus rename(const std::string& from, const std::string& to, const Perform& perform) {
    note_unconfirmed(Entry::renamed, from, to, keep(to));
    if (const auto found = files_.find(from); found != files_.end()) {
      files_[to] = found->second;
      files_.erase(found);
    } else {
      files_.erase(to);
    }
    return perform(0);
  }

  IOStatus sync_directory(const std::string& path) {
    note(Entry::directory_synced, path, "", 0, 0);
    for (const std::uint64_t number : kept_[path]) fs::remove(side_.kept(number));
    kept_.erase(path);
    return IOStatus::OK();
  }

  const UnsyncedSide side_;
  const std::uint64_t at_;
  const int journal_;

  std::mutex mutex_;
  std::uint64_t calls_ = 0;
  std::uint64_t last_kept_ = 0;
  std::map<std::string, File> files_;
  std::map<std::string, std::vector<std::uint64_t>> kept_;  // by directory
};

}  // namespace

Result<std::shared_ptr<rocksdb::FileSystem>> open_power_loss_disk(const std::shared_ptr<rocksdb::FileSystem>& below,
                                                                  const std::filesystem::path& directory,
                                                                  const PowerLoss& power_loss) {
  UnsyncedSide side{directory};
  QUIPU_CHECK(lose_power(side, power_loss.seed));
  std::error_code error;
  fs::create_directories(side.root(), error);
  if (error) return fail(ErrorCode::environment, "cannot make {}: {}", side.root().string(), error.message());
  return interpose(below, std::make_shared<PowerLossObserver>(std::move(side), power_loss.at));
}

}  // namespace quipu::storage
