#include "storage/log_scan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/crc32c.h"
#include "storage/own_file.h"
#include "storage/status.h"

namespace quipu::storage {

namespace {

constexpr std::size_t block_bytes = 32 * 1024;
constexpr std::size_t header_bytes = 7;
constexpr std::size_t batch_header_bytes = 12;  // sequence and number of rows

enum class Type : std::uint8_t { none = 0, full = 1, first = 2, middle = 3, last = 4 };

const rocksdb::IOOptions plain;

template <class T>
T load_little_endian(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

std::uint32_t unmask(std::uint32_t masked) {
  const std::uint32_t rotated = masked - 0xa282ead8u;
  return (rotated >> 17) | (rotated << 15);
}

struct Record {
  Type type = Type::none;
  std::string_view payload;
};

// The record at `at`, if a whole and right one is there.
std::optional<Record> record_at(std::string_view bytes, std::size_t at) {
  const std::size_t block_end = std::min(bytes.size(), at - at % block_bytes + block_bytes);
  if (at + header_bytes > block_end) return std::nullopt;
  const auto length = load_little_endian<std::uint16_t>(bytes.data() + at + 4);
  const auto type = static_cast<std::uint8_t>(bytes[at + 6]);
  if (type < 1 || type > 4 || at + header_bytes + length > block_end) return std::nullopt;
  const auto checksum = unmask(load_little_endian<std::uint32_t>(bytes.data() + at));
  if (checksum != crc32c(bytes.substr(at + 6, 1u + length))) return std::nullopt;
  return Record{static_cast<Type>(type), bytes.substr(at + header_bytes, length)};
}

// Whether a batch begins anywhere from `at` on. A damaged length hides where the next record starts, so every byte is
// tried; the type and the length rule out nearly all of them before the checksum is taken.
bool batch_begins_after(std::string_view bytes, std::size_t at) {
  for (; at + header_bytes <= bytes.size(); ++at) {
    const auto type = static_cast<Type>(bytes[at + 6]);
    if (type != Type::full && type != Type::first) continue;
    const auto record = record_at(bytes, at);
    if (record && !record->payload.empty()) return true;
  }
  return false;
}

// Joins the beginnings of a batch's fragments, as far as its own header.
class BatchHeader {
 public:
  void add(std::string_view payload) {
    const std::size_t wanted = std::min(payload.size(), batch_header_bytes - size_);
    std::copy_n(payload.begin(), wanted, bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += wanted;
  }
  bool complete() const { return size_ == batch_header_bytes; }
  std::uint64_t last_sequence() const {
    const auto first = load_little_endian<std::uint64_t>(bytes_.data());
    const auto rows = load_little_endian<std::uint32_t>(bytes_.data() + sizeof first);
    return rows == 0 ? first : first + rows - 1;
  }

 private:
  std::array<char, batch_header_bytes> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace

LogScan scan_log(std::string_view bytes) {
  LogScan log;
  log.file_bytes = bytes.size();
  std::optional<BatchHeader> batch;  // the one whose fragments are being read
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t block_left = block_bytes - at % block_bytes;
    if (block_left < header_bytes) {  // the writer fills so short a rest with zeros
      at += std::min(block_left, bytes.size() - at);
      continue;
    }
    const auto record = record_at(bytes, at);
    if (!record) break;
    const bool begins = record->type == Type::full || record->type == Type::first;
    if (begins == batch.has_value()) break;  // a fragment without its beginning, or a beginning without its end
    if (begins) batch.emplace();
    batch->add(record->payload);
    at += header_bytes + record->payload.size();
    if (record->type == Type::middle || record->type == Type::first) continue;
    if (!batch->complete()) break;
    log.last_sequence = batch->last_sequence();
    log.good_bytes = at;
    ++log.batches;
    batch.reset();
  }
  // Space that was never written is no torn record; but space is only taken together with a first batch.
  const std::string_view rest = bytes.substr(at);
  const bool unwritten = log.batches > 0 && rest.find_first_not_of('\0') == std::string_view::npos;
  if (unwritten) at = bytes.size();
  log.torn = at < bytes.size() || batch.has_value();
  log.damaged = at < bytes.size() && batch_begins_after(bytes, at);
  return log;
}

namespace {

Result<std::string> read_whole(rocksdb::FileSystem& disk, const std::filesystem::path& path) {
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  std::uint64_t size = 0;
  rocksdb::IOStatus status = disk.GetFileSize(path, plain, &size, nullptr);
  if (status.ok()) status = disk.NewSequentialFile(path, rocksdb::FileOptions{}, &file, nullptr);
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (status.ok() && have < size) {
    rocksdb::Slice got;
    status = file->Read(size - have, plain, &got, bytes.data() + have, nullptr);
    if (got.empty()) break;
    if (got.data() != bytes.data() + have) std::memcpy(bytes.data() + have, got.data(), got.size());
    have += got.size();
  }
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("reading {}", path.string())));
  bytes.resize(have);
  return bytes;
}

}  // namespace

Result<std::vector<LogScan>> scan_logs(rocksdb::FileSystem& disk, const std::filesystem::path& directory) {
  std::vector<std::string> names;
  const rocksdb::IOStatus status = disk.GetChildren(directory, plain, &names, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("listing {}", directory.string())));
  std::vector<LogScan> logs;
  for (const std::string& name : names) {
    if (!name.ends_with(".log")) continue;
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size() - 4, number);
    if (parsed.ptr != name.data() + name.size() - 4) continue;
    QUIPU_TRY(const std::string bytes, read_whole(disk, directory / name));
    LogScan log = scan_log(bytes);
    log.path = directory / name;
    log.number = number;
    logs.push_back(std::move(log));
  }
  std::ranges::sort(logs, {}, &LogScan::number);
  return logs;
}

Result<> cut_torn_tail(rocksdb::FileSystem& disk, const LogScan& log) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::IOStatus status = disk.ReopenWritableFile(log.path, rocksdb::FileOptions{}, &file, nullptr);
  if (status.ok()) status = file->Truncate(log.good_bytes, plain, nullptr);
  if (status.ok()) status = file->Fsync(plain, nullptr);
  if (status.ok()) status = file->Close(plain, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("cutting the tail of {}", log.path.string())));
  return {};
}

}  // namespace quipu::storage
