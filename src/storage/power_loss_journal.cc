#include "storage/power_loss_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <system_error>

#include "base/random.h"

namespace quipu::storage {

namespace {

namespace fs = std::filesystem;
using Kind = JournalEntry::Kind;

void append_bytes(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.size());
  out += bytes;
}

bool read_bytes(ByteReader& in, std::string& bytes) {
  std::uint64_t size = 0;
  std::string_view view;
  if (!in.read_varint(size) || !in.read(size, view)) return false;
  bytes = view;
  return true;
}

bool read_entry(ByteReader& in, JournalEntry& entry) {
  std::uint8_t kind = 0;
  const bool complete = in.read(kind) && read_bytes(in, entry.path) && read_bytes(in, entry.other) &&
                        in.read_varint(entry.number) && in.read_varint(entry.kept);
  entry.kind = static_cast<Kind>(kind);
  return complete;
}

std::string read_all(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

void append_entry(std::string& out, const JournalEntry& entry) {
  append_big_endian(out, static_cast<std::uint8_t>(entry.kind));
  append_bytes(out, entry.path);
  append_bytes(out, entry.other);
  append_varint(out, entry.number);
  append_varint(out, entry.kept);
}

std::vector<JournalEntry> decode_journal(std::string_view bytes) {
  std::vector<JournalEntry> entries;
  ByteReader in{bytes};
  JournalEntry entry;
  while (read_entry(in, entry)) entries.push_back(entry);
  return entries;
}

namespace {

// One file, whatever its names were.
struct File {
  bool tracked = false;  // else all of it is durable
  std::uint64_t durable_bytes = 0;
  struct Overwrite {
    std::uint64_t offset;
    std::string old_bytes;
  };
  std::vector<Overwrite> overwrites;
  std::uint64_t durable_overwrites = 0;
  std::uint64_t kept = 0;  // where it is kept, if it has lost its name
  bool directory = false;
};
using FilePointer = std::shared_ptr<File>;
using Names = std::map<std::string, FilePointer>;

// A change of names that its directory's sync has not confirmed, with what is needed to take it back.
struct NameChange {
  const JournalEntry* entry;
  FilePointer replaced;
};

// A step of the loss; taking it twice is taking it once.
struct Step {
  enum class Kind : std::uint8_t { remove = 1, link, truncate, write };
  Kind kind;
  std::string path;
  std::string bytes;         // write: what; link: from where
  std::uint64_t number = 0;  // truncate: the size; write: the offset
};

std::string parent_of(const std::string& path) {
  return fs::path{path}.parent_path();
}

class Loss {
 public:
  Loss(const UnsyncedSide& side, const std::vector<JournalEntry>& entries, std::uint64_t seed)
      : side_{side}, entries_{entries}, random_{seed} {}

  std::vector<Step> plan() {
    for (const JournalEntry& entry : entries_) replay(entry);
    mode_ = static_cast<Mode>(random_.below(3));
    const Names before = names_;
    take_back_names();
    for (const auto& [path, file] : before) {
      if (!names_.contains(path)) steps_.push_back({Step::Kind::remove, path, "", 0});
    }
    for (const auto& [path, file] : names_) {
      if (file->directory) continue;
      const std::optional<fs::path> source = locate(before, file);
      if (!source) continue;
      if (*source != path) {
        const fs::path waiting = side_.final(++finals_);
        fs::remove(waiting);
        fs::create_hard_link(*source, waiting);
        steps_.push_back({Step::Kind::link, path, waiting, 0});
      }
      if (file->tracked) lose_bytes(path, *file, fs::file_size(*source));
    }
    return std::move(steps_);
  }

 private:
  enum class Mode : std::uint8_t { drop_all, keep_prefix, tear };
  static constexpr std::uint64_t zero_tail_bytes_max = 100'000;
  static constexpr std::uint64_t torn_bytes_min = 512;
  static constexpr std::uint64_t torn_bytes_max = 4096;

  FilePointer& at(const std::string& path) {
    FilePointer& file = names_[path];
    if (file == nullptr) file = std::make_shared<File>();
    return file;
  }

  // The file at `path` loses its name.
  FilePointer set_aside(const std::string& path, std::uint64_t kept) {
    if (kept == 0) return nullptr;
    FilePointer file = at(path);
    file->kept = kept;
    return file;
  }

  void replay(const JournalEntry& entry) {
    switch (entry.kind) {
      case Kind::tracked: {
        const FilePointer file = at(entry.path);
        if (file->tracked) break;
        file->tracked = true;
        file->durable_bytes = entry.number;
        break;
      }
      case Kind::created: {
        unconfirmed_.push_back({&entry, set_aside(entry.path, entry.kept)});
        names_[entry.path] = std::make_shared<File>(File{.tracked = true});
        break;
      }
      case Kind::made_directory:
        unconfirmed_.push_back({&entry, nullptr});
        at(entry.path)->directory = true;
        break;
      case Kind::erased:
        unconfirmed_.push_back({&entry, set_aside(entry.path, entry.kept)});
        names_.erase(entry.path);
        break;
      case Kind::renamed: {
        unconfirmed_.push_back({&entry, set_aside(entry.other, entry.kept)});
        FilePointer file = at(entry.path);
        names_.erase(entry.path);
        names_[entry.other] = std::move(file);
        break;
      }
      case Kind::overwritten: at(entry.path)->overwrites.push_back({entry.number, entry.other}); break;
      case Kind::synced:
        if (const auto found = names_.find(entry.path); found != names_.end()) {
          found->second->durable_bytes = entry.number;
          found->second->durable_overwrites = entry.kept;
        }
        break;
      case Kind::directory_synced:
        std::erase_if(unconfirmed_,
                      [&](const NameChange& change) { return parent_of(change.entry->path) == entry.path; });
        break;
    }
  }

  void take_back_names() {
    std::size_t stay = mode_ == Mode::drop_all ? 0 : random_.below(unconfirmed_.size() + 1);
    // The last entry may speak of a change that the kill came before.
    const bool last_uncertain = !unconfirmed_.empty() && unconfirmed_.back().entry == &entries_.back();
    if (last_uncertain) stay = std::min(stay, unconfirmed_.size() - 1);
    while (unconfirmed_.size() > stay) {
      const auto [entry, replaced] = unconfirmed_.back();
      unconfirmed_.pop_back();
      if (entry->kind == Kind::renamed) names_[entry->path] = names_[entry->other];
      const std::string& name = entry->kind == Kind::renamed ? entry->other : entry->path;
      if (replaced != nullptr) {
        names_[name] = replaced;
      } else {
        names_.erase(name);
      }
    }
  }

  std::optional<fs::path> locate(const Names& before, const FilePointer& file) const {
    if (file->kept != 0 && fs::exists(side_.kept(file->kept))) return side_.kept(file->kept);
    for (const auto& [path, other] : before) {
      if (other == file && fs::exists(path)) return path;
    }
    // A rename that the kill came before: the file is still under its old name, which is its name now.
    for (const auto& [path, other] : names_) {
      if (other == file && fs::exists(path)) return path;
    }
    return std::nullopt;
  }

  void lose_bytes(const std::string& path, const File& file, std::uint64_t size) {
    const std::size_t unsynced = file.overwrites.size() - file.durable_overwrites;
    const std::size_t stay = mode_ == Mode::drop_all ? 0 : random_.below(unsynced + 1);
    for (std::size_t i = unsynced; i-- > stay;) {
      const File::Overwrite& overwrite = file.overwrites[file.durable_overwrites + i];
      steps_.push_back({Step::Kind::write, path, overwrite.old_bytes, overwrite.offset});
    }
    if (mode_ == Mode::tear && stay > 0) {
      // Of the last overwrite that stays, only a part came through.
      const File::Overwrite& torn = file.overwrites[file.durable_overwrites + stay - 1];
      const std::size_t through = random_.below(torn.old_bytes.size() + 1);
      steps_.push_back({Step::Kind::write, path, torn.old_bytes.substr(through), torn.offset + through});
    }
    if (size <= file.durable_bytes) return;
    const std::uint64_t loose = size - file.durable_bytes;
    const std::uint64_t kept = mode_ == Mode::drop_all ? 0 : random_.below(loose + 1);
    if (mode_ == Mode::tear && kept > 0) tear_end(path, file.durable_bytes, kept);
    steps_.push_back({Step::Kind::truncate, path, "", file.durable_bytes + kept});
    // A real log has space in front of it (disk.cc), and a power cut leaves that as zeros.
    if (path.ends_with(".log") && random_.below(2) == 0) {
      steps_.push_back(
          {Step::Kind::truncate, path, "", file.durable_bytes + kept + random_.below(zero_tail_bytes_max)});
    }
  }

  void tear_end(const std::string& path, std::uint64_t durable, std::uint64_t kept) {
    const std::uint64_t wanted = torn_bytes_min + random_.below(torn_bytes_max - torn_bytes_min + 1);
    std::string torn(std::min(wanted, kept), '\0');
    if (random_.below(2) == 0) std::ranges::generate(torn, [&] { return static_cast<char>(random_() & 0xff); });
    steps_.push_back({Step::Kind::write, path, torn, durable + kept - torn.size()});
  }

  const UnsyncedSide& side_;
  const std::vector<JournalEntry>& entries_;
  SeededRandom random_;
  Mode mode_ = Mode::drop_all;
  Names names_;
  std::vector<NameChange> unconfirmed_;
  std::vector<Step> steps_;
  std::uint64_t finals_ = 0;
};

void write_at(const std::string& path, std::uint64_t offset, std::string_view bytes) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) throw fs::filesystem_error("open", path, std::error_code{errno, std::system_category()});
  const ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  ::close(descriptor);
  if (written != static_cast<ssize_t>(bytes.size())) {
    throw fs::filesystem_error("write", path, std::error_code{errno, std::system_category()});
  }
}

void take(const Step& step) {
  switch (step.kind) {
    case Step::Kind::remove: fs::remove_all(step.path); break;
    case Step::Kind::link:
      fs::remove(step.path);
      fs::create_hard_link(step.bytes, step.path);
      break;
    case Step::Kind::truncate: fs::resize_file(step.path, step.number); break;
    case Step::Kind::write: write_at(step.path, step.number, step.bytes); break;
  }
}

std::string encode_plan(const std::vector<Step>& steps) {
  std::string out;
  for (const Step& step : steps) {
    append_big_endian(out, static_cast<std::uint8_t>(step.kind));
    append_bytes(out, step.path);
    append_bytes(out, step.bytes);
    append_varint(out, step.number);
  }
  return out;
}

std::vector<Step> decode_plan(std::string_view bytes) {
  std::vector<Step> steps;
  ByteReader in{bytes};
  std::uint8_t kind = 0;
  Step step{};
  while (in.read(kind) && read_bytes(in, step.path) && read_bytes(in, step.bytes) && in.read_varint(step.number)) {
    step.kind = static_cast<Step::Kind>(kind);
    steps.push_back(step);
  }
  return steps;
}

void make_plan(const UnsyncedSide& side, std::uint64_t seed) {
  const std::string journal = read_all(side.journal());
  const std::vector<JournalEntry> entries = decode_journal(journal);
  // Another loss under the same seed is another loss.
  const std::vector<Step> steps = Loss{side, entries, seed ^ (journal.size() << 20)}.plan();
  const fs::path unfinished = side.plan().string() + ".new";
  std::ofstream{unfinished, std::ios::binary | std::ios::trunc} << encode_plan(steps);
  fs::rename(unfinished, side.plan());
}

}  // namespace

Result<> lose_power(const UnsyncedSide& side, std::uint64_t seed) {
  if (!fs::exists(side.root())) return {};
  try {  // std::filesystem is used in its throwing form here: this is an edge, and there is nothing to salvage
    if (!fs::exists(side.plan())) make_plan(side, seed);
    for (const Step& step : decode_plan(read_all(side.plan()))) take(step);
    // The journal goes first: without it the rest means nothing.
    fs::remove(side.journal());
    fs::remove_all(side.root());
  } catch (const fs::filesystem_error& error) {
    return fail(ErrorCode::environment, "simulating a power loss: {}", error.what());
  }
  return {};
}

}  // namespace quipu::storage
