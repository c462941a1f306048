// The file WATERMARK knows how much was synced. RocksDB cannot tell a log that lost its end from one that never was
// longer; with the watermark we can, and refuse to serve from a store that has forgotten what it acknowledged.
//
// Three slots of slot_stride_bytes, each in a page of its own; the rest of a page is zero. All numbers big-endian:
//
//   slot = signature (8 bytes, "quipuwm1")
//          store id (16 bytes, as in FORMAT)
//          epoch    (u64; grows with every write of a slot, so the newest slot is the one to believe)
//          sequence (u64; the store's last synced sequence number)
//          checksum (u32; CRC-32C of the 40 bytes before it)
//
// A slot is written after every commit without a sync, which makes it exact if only the process is killed, and synced
// at most every sync_interval, which makes it at most that old after a power cut. It is written after the log was
// synced, so it is never ahead of what is durable.
//
// Why three: one is durable, one is being synced, one is written meanwhile. With two, the committer would either wait
// for the sync or write into the only slot that a power cut is sure to leave whole.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace rocksdb {
class FileSystem;
class FSRandomRWFile;
}  // namespace rocksdb

namespace quipu::storage {

inline constexpr std::size_t watermark_slots = 3;
inline constexpr std::size_t watermark_slot_bytes = 44;
inline constexpr std::size_t watermark_slot_stride_bytes = 4096;
inline constexpr std::size_t watermark_file_bytes = watermark_slots * watermark_slot_stride_bytes;
inline constexpr std::chrono::milliseconds watermark_sync_interval{100};

struct Watermark {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  std::size_t slot = 0;  // where it was found
};

std::array<char, watermark_slot_bytes> encode_watermark_slot(std::string_view store_id, std::uint64_t epoch,
                                                             std::uint64_t sequence);
// The newest good slot of a whole file.
Result<Watermark> decode_watermark_file(std::string_view file, std::string_view store_id);
// A whole file whose slots all say the same.
std::string encode_watermark_file(std::string_view store_id, std::uint64_t epoch, std::uint64_t sequence);

// The file while the store is open. publish() and the thread that syncs share it.
class WatermarkFile {
 public:
  // Goes on from `found`. `on_failure` is called from the syncing thread, at most once.
  static Result<std::unique_ptr<WatermarkFile>> open(rocksdb::FileSystem& disk, const std::filesystem::path& path,
                                                     std::string store_id, const Watermark& found,
                                                     std::function<void(Error)> on_failure);
  ~WatermarkFile();

  WatermarkFile(const WatermarkFile&) = delete;
  WatermarkFile& operator=(const WatermarkFile&) = delete;

  // Everything up to `sequence` is durable in the store.
  Result<> publish(std::uint64_t sequence);
  // What the syncing thread does now and then.
  Result<> sync();
  // Stops the syncing thread and syncs what is published.
  Result<> close();

  std::uint64_t synced_sequence() const { return synced_sequence_.load(std::memory_order_relaxed); }

 private:
  WatermarkFile(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::string store_id, const Watermark& found,
                std::function<void(Error)> on_failure);
  void sync_now_and_then(const std::stop_token& stop);

  const std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  const std::string store_id_;
  const std::function<void(Error)> on_failure_;

  std::mutex sync_mutex_;  // taken before mutex_: one sync at a time
  std::mutex mutex_;
  std::condition_variable_any published_;
  // Guarded by mutex_.
  std::uint64_t epoch_;
  std::uint64_t sequence_;
  bool unsynced_ = false;
  bool broken_ = false;
  std::size_t durable_slot_;
  std::size_t writing_slot_;

  std::atomic<std::uint64_t> synced_sequence_;
  std::jthread syncer_;  // last: starts when all is ready
};

}  // namespace quipu::storage
