// The files of a data directory that are ours, and the scan of RocksDB's logs, against any bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "storage/format_file.h"
#include "storage/log_scan.h"
#include "storage/power_loss_journal.h"
#include "storage/simulated_disk.h"
#include "storage/watermark.h"

namespace {

using namespace quipu::storage;

void watermark(std::string_view bytes) {
  if (bytes.size() < store_id_bytes) return;
  const std::string_view store_id = bytes.substr(0, store_id_bytes);
  const std::string_view rest = bytes.substr(store_id_bytes);
  const auto found = decode_watermark_file(rest, store_id);
  if (!found) return;
  const auto slot = encode_watermark_slot(store_id, found->epoch, found->sequence);
  const std::string_view stored = rest.substr(found->slot * watermark_slot_stride_bytes, watermark_slot_bytes);
  QUIPU_ASSERT(stored == std::string_view(slot.data(), slot.size()), "what was read is not what would be written");
}

// A whole file with the input as its slots: random bytes hardly ever have the right size.
void watermark_slots_of(std::string_view bytes) {
  const std::string_view store_id = "0123456789abcdef";
  std::string file = encode_watermark_file(store_id, 1, 1);
  for (std::size_t i = 0; i < bytes.size() && i < watermark_slots * watermark_slot_bytes; ++i) {
    char& byte = file[i / watermark_slot_bytes * watermark_slot_stride_bytes + i % watermark_slot_bytes];
    byte = static_cast<char>(byte ^ bytes[i]);
  }
  const auto found = decode_watermark_file(file, store_id);
  QUIPU_ASSERT(!found || (found->epoch == 1 && found->sequence == 1), "a changed slot was believed");
}

void format(std::string_view bytes) {
  const auto found = decode_format(bytes);
  QUIPU_ASSERT(!found || encode_format(*found) == bytes, "what was read is not what would be written");
}

void log(std::string_view bytes) {
  const LogScan scan = scan_log(bytes);
  QUIPU_ASSERT(scan.good_bytes <= bytes.size(), "{} of {}", scan.good_bytes, bytes.size());
  QUIPU_ASSERT(scan.torn || scan.good_bytes == bytes.size(), "{} of {}", scan.good_bytes, bytes.size());
  QUIPU_ASSERT(!scan.damaged || scan.torn, "damage is a tear too");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  watermark(bytes);
  watermark_slots_of(bytes);
  format(bytes);
  log(bytes);
  (void)decode_journal(bytes);
  (void)parse_disk(bytes).has_value();
  return 0;
}
