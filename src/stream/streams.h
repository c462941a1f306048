// DynamoDB Streams: which there are, what they hold, and reading them. A stream has one shard, from the moment it is
// switched on until it is switched off; a reader's place is in the iterator that it carries, so nothing is kept here.
//
// Threads: any. Everything may wait for the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/shard_iterator.h"
#include "stream/stream_error.h"
#include "stream/stream_names.h"
#include "stream/stream_record.h"
#include "table/stream_info.h"

namespace quipu::table {
class Tables;
}

namespace quipu::stream {

inline constexpr std::uint64_t streams_listed_max = 100;
inline constexpr std::uint64_t shards_described_max = 100;
inline constexpr std::uint64_t records_read_max = 1'000;
inline constexpr std::size_t records_read_bytes_max = 1'048'576;  // by size_bytes; one record is always read

struct ListStreams {
  std::optional<std::string_view> table;
  std::uint64_t limit = streams_listed_max;
  std::optional<std::string_view> after_arn;
};
struct StreamList {
  std::vector<table::StreamInfo> streams;
  bool more = false;  // the last one is where to go on after
};

struct ShardFilter {  // of the one type that there is: the children of this shard
  std::string_view shard_id;
};
struct DescribeStream {
  std::string_view arn;
  std::uint64_t limit = shards_described_max;
  std::optional<std::string_view> after_shard_id;
  std::optional<ShardFilter> children_of;
};
struct Shard {
  std::string id;  // no shard has a parent
  std::string first_sequence_number;
  std::optional<std::string> last_sequence_number;  // once it is closed
};
struct StreamDescription {
  table::StreamInfo stream;  // ENABLED while open(), then DISABLED
  std::vector<Shard> shards;
  bool more = false;  // the last one is where to go on after
};

enum class IteratorType : std::uint8_t { trim_horizon, latest, at_sequence_number, after_sequence_number };

struct GetShardIterator {
  std::string_view arn;
  std::string_view shard_id;
  IteratorType type = IteratorType::trim_horizon;
  std::optional<std::string_view> sequence_number;
};

struct GetRecords {
  std::string_view iterator;
  std::uint64_t limit = records_read_max;
};
struct Records {
  table::StreamInfo stream;
  std::vector<StreamRecord> records;
  std::optional<std::string> next_iterator;  // none: the shard is closed, and all of it was read
};

class Streams {
 public:
  explicit Streams(const table::Tables& tables) : tables_{tables} {}

  // In the order of table names and labels; those that have ended too, for as long as they are kept.
  StreamResult<StreamList> list(const ListStreams& request) const;
  StreamResult<StreamDescription> describe(const DescribeStream& request) const;
  StreamResult<std::string> make_iterator(const GetShardIterator& request) const;
  StreamResult<Records> read(const GetRecords& request) const;

 private:
  StreamResult<table::StreamInfo> find(std::string_view arn) const;
  StreamResult<std::uint64_t> position_of(const table::StreamInfo& stream, const GetShardIterator& request) const;
  StreamResult<std::uint64_t> position_at(const table::StreamInfo& stream, const GetShardIterator& request) const;
  StreamResult<std::uint64_t> next_change(const table::StreamInfo& stream) const;
  std::uint64_t now_ms() const;

  const table::Tables& tables_;
};

}  // namespace quipu::stream
