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

std::size_t block_end_of(std::string_view bytes, std::size_t at) {
  return std::min(bytes.size(), at - at % block_bytes + block_bytes);
}

// What would be a record if its checksum were right.
std::optional<Record> unchecked_record_at(std::string_view bytes, std::size_t at) {
  const std::size_t block_end = block_end_of(bytes, at);
  if (at + header_bytes > block_end) return std::nullopt;
  const auto length = load_little_endian<std::uint16_t>(bytes.data() + at + 4);
  const auto type = static_cast<std::uint8_t>(bytes[at + 6]);
  if (type < 1 || type > 4 || at + header_bytes + length > block_end) return std::nullopt;
  return Record{static_cast<Type>(type), bytes.substr(at + header_bytes, length)};
}

bool checksum_is_right(std::string_view bytes, std::size_t at, const Record& record) {
  const auto checksum = unmask(load_little_endian<std::uint32_t>(bytes.data() + at));
  return checksum == crc32c(bytes.substr(at + 6, 1u + record.payload.size()));
}

// The record at `at`, if a whole and right one is there.
std::optional<Record> record_at(std::string_view bytes, std::size_t at) {
  auto record = unchecked_record_at(bytes, at);
  if (record && !checksum_is_right(bytes, at, *record)) record.reset();
  return record;
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
  std::uint64_t first_sequence() const { return load_little_endian<std::uint64_t>(bytes_.data()); }
  std::uint64_t last_sequence() const {
    const auto rows = load_little_endian<std::uint32_t>(bytes_.data() + sizeof(std::uint64_t));
    return rows == 0 ? first_sequence() : first_sequence() + rows - 1;
  }

 private:
  std::array<char, batch_header_bytes> bytes_{};
  std::size_t size_ = 0;
};

// What the first sequence number of the batch behind a broken one can be.
struct NextSequence {
  std::uint64_t above = 0;
  std::optional<std::uint64_t> exactly;

  bool fits(std::uint64_t sequence) const { return exactly ? sequence == *exactly : sequence > above; }
};

// `header` is that of the broken batch, perhaps broken too. It is trusted if it goes on where the batch before ended.
NextSequence sequence_behind(const BatchHeader& header, const LogScan& before) {
  NextSequence next{.above = before.last_sequence, .exactly = std::nullopt};
  const bool trusted = before.batches > 0 && header.complete() && header.first_sequence() == before.last_sequence + 1;
  if (trusted) next.exactly = header.last_sequence() + 1;
  return next;
}

// Whether a batch begins where the lengths say, from the broken record at `at` on.
bool batch_begins_behind_lengths(std::string_view bytes, std::size_t at) {
  for (auto record = unchecked_record_at(bytes, at); record;) {
    at += header_bytes + record->payload.size();
    const std::size_t block_left = block_bytes - at % block_bytes;
    if (block_left < header_bytes) at += block_left;
    record = unchecked_record_at(bytes, at);
    const bool begins = record && (record->type == Type::full || record->type == Type::first);
    if (begins && !record->payload.empty() && checksum_is_right(bytes, at, *record)) return true;
  }
  return false;
}

// Whether a batch begins anywhere from `at` on. A damaged length hides where the next record starts, so every byte is
// tried. What stands there may be a client's value, made of records: so the batch must be the one that comes next.
bool batch_begins_after(std::string_view bytes, std::size_t at, const NextSequence& next) {
  for (; at + header_bytes <= bytes.size(); ++at) {
    const auto type = static_cast<Type>(bytes[at + 6]);
    if (type != Type::full && type != Type::first) continue;
    const auto record = unchecked_record_at(bytes, at);
    if (!record || record->payload.empty()) continue;
    BatchHeader header;
    header.add(record->payload);
    // Only the end of a block cuts a header.
    const bool cut = !header.complete() && at + header_bytes + record->payload.size() == block_end_of(bytes, at);
    if (!cut && !(header.complete() && next.fits(header.first_sequence()))) continue;
    if (checksum_is_right(bytes, at, *record)) return true;
  }
  return false;
}

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
  if (at < bytes.size()) {
    BatchHeader broken = batch.value_or(BatchHeader{});
    const std::size_t payload = std::min(at + header_bytes, bytes.size());
    if (!broken.complete()) broken.add(bytes.substr(payload, block_end_of(bytes, at) - payload));
    log.damaged = batch_begins_behind_lengths(bytes, at) || batch_begins_after(bytes, at, sequence_behind(broken, log));
  }
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
