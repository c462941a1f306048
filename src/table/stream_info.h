// A stream: the changes of one table from the moment they were asked for until they were switched off or the table
// went.
//
//   row key    stream(10), table id (u32), created (u64, ms since 1970)
//   row value  version(1), an encoded item; docs/formats/stream.md names its members
//
// It outlives its table: what was recorded is read for as long as it is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "table/schema.h"

namespace quipu::table {

struct StreamInfo {
  std::uint32_t table_id = 0;
  std::uint64_t created_ms = 0;
  std::string table_name;
  StreamView view = StreamView::new_and_old_images;
  KeyAttribute partition_key;
  std::optional<KeyAttribute> sort_key;
  std::uint64_t first_change = 0;  // its changes have numbers from here
  std::uint64_t end_change = 0;    // to before here; 0: it is still on
  std::uint64_t ended_ms = 0;      // 0: it is still on

  bool open() const { return ended_ms == 0; }
  friend bool operator==(const StreamInfo&, const StreamInfo&) = default;
};

void append_stream_key(std::string& key, std::uint32_t table_id, std::uint64_t created_ms);
std::string encode_stream(const StreamInfo& stream);
Result<StreamInfo> decode_stream(std::string_view key, std::string_view value);

}  // namespace quipu::table
