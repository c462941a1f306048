// One change as a stream shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "table/change.h"
#include "table/stream_info.h"
#include "value/value.h"

namespace quipu::stream {

enum class EventKind : std::uint8_t { insert, modify, remove };

std::string_view to_string(EventKind kind);  // INSERT, MODIFY, REMOVE

struct StreamRecord {
  std::string event_id;  // 32 hex digits, the same whenever the record is read
  EventKind kind = EventKind::insert;
  bool by_expiry = false;  // removed because its time was past, not because somebody asked
  std::uint64_t time_ms = 0;
  std::string sequence_number;
  value::Item keys;
  std::optional<value::Item> new_image;  // whole items, with their keys, where the view shows them
  std::optional<value::Item> old_image;
  std::size_t size_bytes = 0;  // of keys and images, as items are counted
};

Result<StreamRecord> make_stream_record(const table::StreamInfo& stream, std::uint64_t change,
                                        const table::ChangeRecord& record);

}  // namespace quipu::stream
