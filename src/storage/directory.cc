#include "storage/directory.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "storage/own_file.h"
#include "storage/status.h"

namespace quipu::storage {

namespace {

const rocksdb::IOOptions plain;

Result<> io(const rocksdb::IOStatus& status, std::string_view doing, const std::filesystem::path& path) {
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("{} {}", doing, path.string())));
  return {};
}

Result<std::vector<std::string>> names_in(rocksdb::FileSystem& disk, const std::filesystem::path& directory) {
  std::vector<std::string> names;
  QUIPU_CHECK(io(disk.GetChildren(directory, plain, &names, nullptr), "listing", directory));
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  return names;
}

// What an unfinished creation left behind.
Result<> remove_unfinished(rocksdb::FileSystem& disk, const DirectoryPaths& paths) {
  if (disk.FileExists(paths.rows, plain, nullptr).ok()) {
    QUIPU_TRY(const auto names, names_in(disk, paths.rows));
    for (const std::string& name : names) {
      QUIPU_CHECK(io(disk.DeleteFile(paths.rows / name, plain, nullptr), "deleting", paths.rows / name));
    }
    QUIPU_CHECK(sync_directory(disk, paths.rows));
  }
  if (disk.FileExists(paths.watermark, plain, nullptr).ok()) {
    QUIPU_CHECK(io(disk.DeleteFile(paths.watermark, plain, nullptr), "deleting", paths.watermark));
  }
  return {};
}

Result<> write_format(rocksdb::FileSystem& disk, const DirectoryPaths& paths, const Format& format) {
  return replace_own_file(disk, paths.format, encode_format(format));
}

Result<> begin_creation(rocksdb::FileSystem& disk, OpenDirectory& directory) {
  directory.format = {.store_id = secure_random_bytes(store_id_bytes), .state = Format::State::creating};
  QUIPU_CHECK(write_format(disk, directory.paths, directory.format));
  QUIPU_CHECK(io(disk.CreateDirIfMissing(directory.paths.rows, plain, nullptr), "creating", directory.paths.rows));
  QUIPU_CHECK(sync_directory(disk, directory.paths.root));
  std::filesystem::path above = directory.paths.root;
  do {
    above = above.parent_path();
    QUIPU_CHECK(sync_directory(disk, above));
  } while (above != directory.oldest_ancestor && above.has_relative_path());
  return {};
}

// There is no readable FORMAT, but rows: with --accept-loss they get a new identity.
Result<> adopt(rocksdb::FileSystem& disk, OpenDirectory& directory) {
  directory.format = {.store_id = secure_random_bytes(store_id_bytes), .state = Format::State::ready};
  log_warning("directory_adopted", {{"directory", directory.paths.root.string()}});
  return write_format(disk, directory.paths, directory.format);
}

// What may lie in a directory that is still to be made ours. An empty file system of its own holds lost+found.
bool may_precede_creation(const DirectoryPaths& paths, const std::string& name) {
  return name == paths.lock.filename() || name == temporary_name(paths.format).filename() || name == "lost+found";
}

std::unexpected<Error> not_a_data_directory(const DirectoryPaths& paths) {
  return fail(ErrorCode::environment,
              "{} is not empty and has no file FORMAT: it is not a data directory; name another", paths.root.string());
}

// Somebody else's files are in it, and nothing of ours.
bool is_foreign(const DirectoryPaths& paths) {
  std::error_code error;
  if (std::filesystem::exists(paths.format, error) || std::filesystem::exists(paths.rows, error)) return false;
  for (std::filesystem::directory_iterator entry{paths.root, error}, end; !error && entry != end;
       entry.increment(error)) {
    if (!may_precede_creation(paths, entry->path().filename())) return true;
  }
  return false;
}

Result<> identify_without_format(rocksdb::FileSystem& disk, OpenDirectory& directory, bool accept_loss) {
  const DirectoryPaths& paths = directory.paths;
  QUIPU_TRY(const auto names, names_in(disk, paths.root));
  const bool only_ours =
      std::ranges::all_of(names, [&](const std::string& name) { return may_precede_creation(paths, name); });
  if (only_ours) return begin_creation(disk, directory);
  if (!disk.FileExists(paths.rows, plain, nullptr).ok()) return not_a_data_directory(paths);
  if (accept_loss) return adopt(disk, directory);
  return fail(ErrorCode::damaged, "{} is missing beside rows: {}", paths.format.string(), loss_advice);
}

// For its owner alone: a secret that AWS's clients sign with can be worked out from the rows.
Result<> make_private(const std::filesystem::path& root) {
  std::error_code error;
  const bool is_new = !std::filesystem::exists(root, error);
  std::filesystem::create_directories(root, error);
  if (!error && is_new) std::filesystem::permissions(root, std::filesystem::perms::owner_all, error);
  if (error) return fail(ErrorCode::environment, "cannot make {}: {}", root.string(), error.message());
  return {};
}

void warn_if_others_may_read(const std::filesystem::path& root) {
  using std::filesystem::perms;
  std::error_code error;
  const perms others = std::filesystem::status(root, error).permissions() & (perms::group_all | perms::others_all);
  if (!error && others != perms::none)
    log_warning("directory_open_to_others", {{"directory", root.string()}, {"advice", "chmod -R go= on it"}});
}

}  // namespace

Result<OpenDirectory> lock_directory(const std::filesystem::path& directory, bool make) {
  std::error_code error;
  const DirectoryPaths paths{std::filesystem::absolute(directory, error).lexically_normal()};
  if (!make && !std::filesystem::exists(paths.format, error) && !std::filesystem::exists(paths.rows, error))
    return fail(ErrorCode::not_found, "{} is no data directory: there is no file FORMAT in it", paths.root.string());
  std::filesystem::path ancestor = paths.root.parent_path();
  while (ancestor.has_relative_path() && !std::filesystem::exists(ancestor, error)) ancestor = ancestor.parent_path();
  QUIPU_CHECK(make_private(paths.root));
  // Before LOCK is made, so that nothing of ours is left in it.
  if (is_foreign(paths)) return not_a_data_directory(paths);
  warn_if_others_may_read(paths.root);
  QUIPU_TRY(DirectoryLock lock, DirectoryLock::take(paths.lock, true));
  return OpenDirectory{paths, std::move(lock), ancestor, {}};
}

Result<Format> read_format(rocksdb::FileSystem& disk, const DirectoryPaths& paths) {
  QUIPU_TRY(const std::optional<std::string> bytes, read_own_file(disk, paths.format));
  if (!bytes) return fail(ErrorCode::damaged, "{} is missing", paths.format.string());
  auto format = decode_format(*bytes);
  if (!format) return fail(ErrorCode::damaged, "{}: {}", paths.format.string(), format.error().message);
  return format;
}

Result<> identify(rocksdb::FileSystem& disk, OpenDirectory& directory, bool accept_loss) {
  const DirectoryPaths& paths = directory.paths;
  const rocksdb::IOStatus exists = disk.FileExists(paths.format, plain, nullptr);
  if (exists.IsNotFound()) return identify_without_format(disk, directory, accept_loss);
  QUIPU_CHECK(io(exists, "looking for", paths.format));
  auto format = read_format(disk, paths);
  if (!format) {
    if (accept_loss && format.error().code == ErrorCode::damaged) return adopt(disk, directory);
    return fail(format.error().code, "{}; {}", format.error().message, loss_advice);
  }
  directory.format = *std::move(format);
  if (directory.format.state == Format::State::ready) return {};
  QUIPU_CHECK(remove_unfinished(disk, paths));
  return begin_creation(disk, directory);
}

Result<> mark_ready(rocksdb::FileSystem& disk, OpenDirectory& directory) {
  directory.format.state = Format::State::ready;
  return write_format(disk, directory.paths, directory.format);
}

}  // namespace quipu::storage
