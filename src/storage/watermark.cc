#include "storage/watermark.h"

#include <rocksdb/file_system.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "storage/format_file.h"
#include "storage/status.h"

namespace quipu::storage {

namespace {

constexpr std::string_view signature = "quipuwm1";
constexpr std::size_t checked_bytes = watermark_slot_bytes - sizeof(std::uint32_t);
static_assert(checked_bytes == signature.size() + store_id_bytes + 2 * sizeof(std::uint64_t));

const rocksdb::IOOptions plain;

std::optional<Watermark> decode_slot(std::string_view bytes, std::string_view store_id) {
  ByteReader in{bytes};
  std::string_view found_signature, found_id;
  Watermark found;
  std::uint32_t checksum = 0;
  const bool complete = in.read(signature.size(), found_signature) && in.read(store_id_bytes, found_id) &&
                        in.read(found.epoch) && in.read(found.sequence) && in.read(checksum);
  if (!complete || checksum != crc32c(bytes.substr(0, checked_bytes))) return std::nullopt;
  if (found_signature != signature || found_id != store_id) return std::nullopt;
  return found;
}

}  // namespace

std::array<char, watermark_slot_bytes> encode_watermark_slot(std::string_view store_id, std::uint64_t epoch,
                                                             std::uint64_t sequence) {
  QUIPU_ASSERT(store_id.size() == store_id_bytes, "{} bytes", store_id.size());
  std::array<char, watermark_slot_bytes> slot;
  char* at = std::ranges::copy(signature, slot.begin()).out;
  at = std::ranges::copy(store_id, at).out;
  const auto put = [&at](auto number) {
    const auto swapped = to_big_endian(number);
    std::memcpy(at, &swapped, sizeof swapped);
    at += sizeof swapped;
  };
  put(epoch);
  put(sequence);
  put(crc32c({slot.data(), checked_bytes}));
  QUIPU_ASSERT(at == slot.data() + slot.size());
  return slot;
}

std::string encode_watermark_file(std::string_view store_id, std::uint64_t epoch, std::uint64_t sequence) {
  const auto slot = encode_watermark_slot(store_id, epoch, sequence);
  std::string file(watermark_file_bytes, '\0');
  for (std::size_t i = 0; i < watermark_slots; ++i) {
    std::ranges::copy(slot, file.begin() + static_cast<std::ptrdiff_t>(i * watermark_slot_stride_bytes));
  }
  return file;
}

Result<Watermark> decode_watermark_file(std::string_view file, std::string_view store_id) {
  if (file.size() != watermark_file_bytes) {
    return fail(ErrorCode::damaged, "it has {} bytes and must have {}", file.size(), watermark_file_bytes);
  }
  std::optional<Watermark> newest;
  for (std::size_t i = 0; i < watermark_slots; ++i) {
    auto slot = decode_slot(file.substr(i * watermark_slot_stride_bytes, watermark_slot_bytes), store_id);
    if (!slot || (newest && newest->epoch >= slot->epoch)) continue;
    slot->slot = i;
    newest = slot;
  }
  if (!newest) return fail(ErrorCode::damaged, "none of its {} slots is whole and of this store", watermark_slots);
  return *newest;
}

Result<std::unique_ptr<WatermarkFile>> WatermarkFile::open(rocksdb::FileSystem& disk, const std::filesystem::path& path,
                                                           std::string store_id, const Watermark& found,
                                                           std::function<void(Error)> on_failure) {
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  rocksdb::IOStatus status = disk.NewRandomRWFile(path, rocksdb::FileOptions{}, &file, nullptr);
  // The slot that was found may be the one that an earlier process wrote and never synced.
  if (status.ok()) status = file->Sync(plain, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("opening {}", path.string())));
  return std::unique_ptr<WatermarkFile>(
      new WatermarkFile(std::move(file), std::move(store_id), found, std::move(on_failure)));
}

WatermarkFile::WatermarkFile(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::string store_id,
                             const Watermark& found, std::function<void(Error)> on_failure)
    : file_{std::move(file)},
      store_id_{std::move(store_id)},
      on_failure_{std::move(on_failure)},
      epoch_{found.epoch},
      sequence_{found.sequence},
      durable_slot_{found.slot},
      writing_slot_{(found.slot + 1) % watermark_slots},
      synced_sequence_{found.sequence},
      syncer_{[this](const std::stop_token& stop) { sync_now_and_then(stop); }} {}

WatermarkFile::~WatermarkFile() {
  syncer_.request_stop();
  if (syncer_.joinable()) syncer_.join();
}

Result<> WatermarkFile::publish(std::uint64_t sequence) {
  bool first = false;
  {
    const std::scoped_lock lock{mutex_};
    QUIPU_ASSERT(sequence >= sequence_, "{} after {}", sequence, sequence_);
    const auto slot = encode_watermark_slot(store_id_, ++epoch_, sequence);
    const rocksdb::IOStatus status = file_->Write(writing_slot_ * watermark_slot_stride_bytes,
                                                  rocksdb::Slice{slot.data(), slot.size()}, plain, nullptr);
    if (!status.ok()) return std::unexpected(to_error(status, "writing the watermark"));
    sequence_ = sequence;
    first = !unsynced_;
    unsynced_ = true;
  }
  if (first) published_.notify_one();
  return {};
}

Result<> WatermarkFile::sync() {
  const std::scoped_lock one_at_a_time{sync_mutex_};
  std::uint64_t sequence = 0;
  std::size_t syncing_slot = 0;
  {
    const std::scoped_lock lock{mutex_};
    if (broken_) return fail(ErrorCode::environment, "an earlier sync of the watermark failed");
    if (!unsynced_) return {};
    sequence = sequence_;
    syncing_slot = writing_slot_;
    writing_slot_ = watermark_slots - durable_slot_ - syncing_slot;  // the third: 0, 1 and 2 add up to 3
    unsynced_ = false;
  }
  const rocksdb::IOStatus status = file_->Sync(plain, nullptr);
  const std::scoped_lock lock{mutex_};
  if (!status.ok()) {
    broken_ = true;  // a failed sync is never tried again: the kernel may have dropped what it could not write
    return std::unexpected(to_error(status, "syncing the watermark"));
  }
  durable_slot_ = syncing_slot;
  synced_sequence_.store(sequence, std::memory_order_relaxed);
  return {};
}
static_assert(watermark_slots == 3, "sync() finds the third slot by subtraction");

void WatermarkFile::sync_now_and_then(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (published_.wait(lock, stop, [this] { return unsynced_; })) {
    // Nothing ends this wait but the stop: commits meanwhile are part of the same sync.
    published_.wait_for(lock, stop, watermark_sync_interval, [] { return false; });
    if (stop.stop_requested()) return;
    lock.unlock();
    if (auto synced = sync(); !synced) return on_failure_(std::move(synced).error());
    lock.lock();
  }
}

Result<> WatermarkFile::close() {
  syncer_.request_stop();
  if (syncer_.joinable()) syncer_.join();
  return sync();
}

}  // namespace quipu::storage
