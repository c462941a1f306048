#include "stream/streams.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "table/tables.h"

namespace quipu::stream {

namespace {

using table::StreamInfo;

std::unexpected<StreamError> too_many(std::uint64_t limit_max) {
  return refuse(StreamErrorCode::validation,
                "One or more parameter values were invalid: Limit cannot be greater than the maximum allowed size: {}",
                limit_max);
}

std::unexpected<StreamError> too_few() {
  return refuse(StreamErrorCode::validation,
                "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have "
                "value greater than or equal to 1");
}

std::unexpected<StreamError> trimmed() {
  return refuse(StreamErrorCode::trimmed_data,
                "The operation attempted to read past the oldest stream record in a shard.");
}

std::unexpected<StreamError> wrong_sequence_number() {
  return refuse(StreamErrorCode::validation, "Invalid SequenceNumber for the shard");
}

bool comes_before(const StreamInfo& a, const StreamInfo& b) {
  return std::tie(a.table_name, a.created_ms) < std::tie(b.table_name, b.created_ms);
}

// Behind the last number that a closed stream may have.
std::uint64_t end_of(const StreamInfo& stream) {
  return std::max(stream.first_change, stream.end_change);
}

Shard shard_of(const StreamInfo& stream) {
  Shard shard{.id = shard_id(stream), .first_sequence_number = sequence_number(stream.first_change)};
  if (!stream.open())
    shard.last_sequence_number = sequence_number(std::max(stream.first_change, stream.end_change - 1));
  return shard;
}

// One walk over the change records, from the iterator's place on.
struct Walk {
  std::vector<StreamRecord> records;
  std::vector<std::uint64_t> changes;  // their numbers
  std::size_t bytes = 0;
  bool full = false;  // it ended because it was long enough

  bool add(std::uint64_t change, StreamRecord record, std::uint64_t records_max) {
    if (!records.empty() && bytes + record.size_bytes > records_read_bytes_max) {
      full = true;
      return false;
    }
    bytes += record.size_bytes;
    records.push_back(std::move(record));
    changes.push_back(change);
    full = records.size() == records_max;
    return !full;
  }

  void cut_at(std::uint64_t end_change) {
    while (!changes.empty() && changes.back() >= end_change) {
      changes.pop_back();
      records.pop_back();
      full = false;  // all that is left of the shard is here
    }
  }
};

Result<Walk> walk(const table::Tables& tables, const StreamInfo& stream, std::uint64_t position,
                  std::uint64_t records_max) {
  Walk walk;
  Result<> made;
  QUIPU_CHECK(
      tables.scan_changes(stream.table_id, position, [&](std::uint64_t change, const table::ChangeRecord& stored) {
        if (!stream.open() && change >= stream.end_change) return false;
        auto record = make_stream_record(stream, change, stored);
        if (!record) {
          made = std::unexpected(record.error());
          return false;
        }
        return walk.add(change, *std::move(record), records_max);
      }));
  QUIPU_CHECK(std::move(made));
  return walk;
}

}  // namespace

StreamResult<StreamList> Streams::list(const ListStreams& request) const {
  if (request.limit == 0) return too_few();
  if (request.limit > streams_listed_max) return too_many(streams_listed_max);
  std::optional<StreamName> after;
  if (request.after_arn) {
    after = parse_stream_arn(*request.after_arn);
    if (!after) return refuse(StreamErrorCode::validation, "Invalid StreamArn");
  }
  std::vector<StreamInfo> streams = tables_.streams();
  std::erase_if(streams, [&](const StreamInfo& stream) {
    if (request.table && stream.table_name != *request.table) return true;
    const std::string label = stream_label(stream.created_ms);
    return after && StreamName{.table = stream.table_name, .label = label} <= *after;
  });
  std::ranges::sort(streams, comes_before);
  StreamList list{.streams = std::move(streams)};
  list.more = list.streams.size() > request.limit;
  if (list.more) list.streams.resize(request.limit);
  return list;
}

StreamResult<StreamInfo> Streams::find(std::string_view arn) const {
  const auto name = parse_stream_arn(arn);
  if (name)
    for (StreamInfo& stream : tables_.streams())
      if (stream.table_name == name->table && stream_label(stream.created_ms) == name->label) return std::move(stream);
  return refuse(StreamErrorCode::resource_not_found, "Requested resource not found: Stream: {} not found", arn);
}

StreamResult<StreamDescription> Streams::describe(const DescribeStream& request) const {
  if (request.limit == 0) return too_few();
  if (request.limit > shards_described_max) return too_many(shards_described_max);
  StreamDescription description;
  QUIPU_TRY(description.stream, find(request.arn));
  Shard shard = shard_of(description.stream);
  // There is one shard, and it has no children.
  if (!request.children_of && (!request.after_shard_id || shard.id > *request.after_shard_id))
    description.shards.push_back(std::move(shard));
  return description;
}

StreamResult<std::string> Streams::make_iterator(const GetShardIterator& request) const {
  QUIPU_TRY(const StreamInfo stream, find(request.arn));
  if (request.shard_id != shard_id(stream)) return refuse(StreamErrorCode::resource_not_found, "Shard does not exist");
  QUIPU_TRY(const std::uint64_t position, position_of(stream, request));
  return to_text(
      {.table_id = stream.table_id, .created_ms = stream.created_ms, .position = position, .made_ms = now_ms()});
}

StreamResult<std::uint64_t> Streams::position_of(const StreamInfo& stream, const GetShardIterator& request) const {
  const bool by_number =
      request.type == IteratorType::at_sequence_number || request.type == IteratorType::after_sequence_number;
  if (!by_number && request.sequence_number)
    return refuse(StreamErrorCode::validation,
                  "One or more parameter values were invalid: SequenceNumber should not be passed for this iterator "
                  "type");
  if (request.type == IteratorType::trim_horizon) return ShardIterator::oldest;
  if (request.type == IteratorType::latest) return next_change(stream);
  if (!request.sequence_number)
    return refuse(StreamErrorCode::validation, "One or more parameter values were invalid: Invalid SequenceNumber");
  return position_at(stream, request);
}

StreamResult<std::uint64_t> Streams::position_at(const StreamInfo& stream, const GetShardIterator& request) const {
  const auto change = parse_sequence_number(*request.sequence_number);
  if (!change) return wrong_sequence_number();
  // The number that the next record may get is good too: it is what an empty shard says it begins with.
  QUIPU_TRY(const std::uint64_t next, next_change(stream));
  if (*change > next) return wrong_sequence_number();
  const std::uint64_t position = request.type == IteratorType::at_sequence_number ? *change : *change + 1;
  if (position < stream.first_change) return trimmed();
  return position;
}

StreamResult<std::uint64_t> Streams::next_change(const StreamInfo& stream) const {
  if (!stream.open()) return end_of(stream);
  const auto next = tables_.next_durable_change();
  if (!next) return internal(next.error());
  return std::max(*next, stream.first_change);
}

StreamResult<Records> Streams::read(const GetRecords& request) const {
  const auto iterator = parse_shard_iterator(request.iterator);
  if (!iterator) return refuse(StreamErrorCode::validation, "Invalid ShardIterator");
  if (request.limit == 0) return too_few();
  if (request.limit > records_read_max)
    return refuse(StreamErrorCode::validation,
                  "One or more parameter values were invalid: Limit should be less than or equal to {}",
                  records_read_max);
  if (iterator->expired(now_ms()))
    return refuse(StreamErrorCode::expired_iterator,
                  "The shard iterator has expired and can no longer be used to retrieve stream records. A shard "
                  "iterator expires 15 minutes after it is retrieved using the GetShardIterator action.");
  const auto before = tables_.find_stream(iterator->table_id, iterator->created_ms);
  if (!before) return trimmed();  // it was there 15 minutes ago, so it ended a day ago
  const std::uint64_t position =
      iterator->position == ShardIterator::oldest ? before->first_change : iterator->position;
  auto walked = walk(tables_, *before, position, request.limit);
  if (!walked) return internal(walked.error());

  // Looked at once more: it may have been trimmed, or switched off, and even on again, while the records were read.
  const auto after = tables_.find_stream(iterator->table_id, iterator->created_ms);
  if (!after || (iterator->position != ShardIterator::oldest && position < after->first_change)) return trimmed();
  if (!after->open()) walked->cut_at(after->end_change);
  Records records{.stream = *after, .records = std::move(walked->records), .next_iterator = {}};
  // One that was closed during the walk may have records that the walk was too early for.
  if (walked->full || before->open())
    records.next_iterator =
        to_text({.table_id = iterator->table_id,
                 .created_ms = iterator->created_ms,
                 .position = walked->changes.empty() ? iterator->position : walked->changes.back() + 1,
                 .made_ms = now_ms()});
  return records;
}

std::uint64_t Streams::now_ms() const {
  return static_cast<std::uint64_t>(tables_.clock().wall_ms());
}

}  // namespace quipu::stream
