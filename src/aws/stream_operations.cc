// ListStreams, DescribeStream, GetShardIterator, GetRecords.
#include "aws/stream_operations.h"

#include "aws/json_members.h"
#include "aws/table_description.h"
#include "aws/table_name.h"
#include "aws/write_answers.h"
#include "stream/stream_names.h"

namespace quipu::aws {

namespace {

constexpr std::string_view event_version = "1.1";
constexpr std::string_view event_source = "aws:dynamodb";
constexpr std::string_view expiry_principal = "dynamodb.amazonaws.com";

ApiError to_api_error(stream::StreamError&& error) {
  switch (error.code) {
    case stream::StreamErrorCode::validation: return {ErrorType::validation, std::move(error.message), {}};
    case stream::StreamErrorCode::resource_not_found:
      return {ErrorType::resource_not_found, std::move(error.message), {}};
    case stream::StreamErrorCode::expired_iterator: return {ErrorType::expired_iterator, std::move(error.message), {}};
    case stream::StreamErrorCode::trimmed_data: return {ErrorType::trimmed_data_access, std::move(error.message), {}};
    case stream::StreamErrorCode::internal: break;
  }
  return {ErrorType::internal_server_error, std::move(error.message), {}};
}

template <class T>
Answer<T> answer_of(stream::StreamResult<T>&& result) {
  if (!result) return std::unexpected(to_api_error(std::move(result).error()));
  return *std::move(result);
}

std::string arn_of(const Context& context, const table::StreamInfo& stream) {
  return stream::stream_arn({.region = context.region, .account = context.account}, stream.table_name,
                            stream.created_ms);
}

void append_identity(JsonWriter& json, const Context& context, const table::StreamInfo& stream) {
  json.member("StreamArn").string(arn_of(context, stream));
  json.member("StreamLabel").string(stream::stream_label(stream.created_ms));
  json.member("TableName").string(stream.table_name);
}

void append_shard(JsonWriter& json, const stream::Shard& shard) {
  json.begin_object().member("ShardId").string(shard.id).member("SequenceNumberRange").begin_object();
  json.member("StartingSequenceNumber").string(shard.first_sequence_number);
  if (shard.last_sequence_number) json.member("EndingSequenceNumber").string(*shard.last_sequence_number);
  json.end_object().end_object();
}

void append_record(JsonWriter& json, const Context& context, const stream::StreamRecord& record,
                   table::StreamView view) {
  json.begin_object().member("eventID").string(record.event_id);
  json.member("eventName").string(stream::to_string(record.kind));
  json.member("eventVersion").string(event_version).member("eventSource").string(event_source);
  json.member("awsRegion").string(context.region).member("dynamodb").begin_object();
  json.member("ApproximateCreationDateTime").uint64(record.time_ms / 1000);
  append_item_member(json, "Keys", record.keys);
  if (record.new_image) append_item_member(json, "NewImage", *record.new_image);
  if (record.old_image) append_item_member(json, "OldImage", *record.old_image);
  json.member("SequenceNumber").string(record.sequence_number).member("SizeBytes").uint64(record.size_bytes);
  json.member("StreamViewType").string(stream_view_name(view)).end_object();
  if (record.by_expiry)
    json.member("userIdentity")
        .begin_object()
        .member("PrincipalId")
        .string(expiry_principal)
        .member("Type")
        .string("Service")
        .end_object();
  json.end_object();
}

std::optional<stream::IteratorType> parse_iterator_type(std::string_view text) {
  using Type = stream::IteratorType;
  if (text == "TRIM_HORIZON") return Type::trim_horizon;
  if (text == "LATEST") return Type::latest;
  if (text == "AT_SEQUENCE_NUMBER") return Type::at_sequence_number;
  if (text == "AFTER_SEQUENCE_NUMBER") return Type::after_sequence_number;
  return std::nullopt;
}

Answer<> list_streams(Call& call) {
  const JsonNode& input = *call.input;
  stream::ListStreams request{.after_arn = string_member(input, "ExclusiveStartStreamArn")};
  if (const auto table = string_member(input, "TableName")) {
    QUIPU_TRY(request.table, checked_table_name(*table));
  }
  request.limit = static_cast<std::uint64_t>(integer_member_or(input, "Limit", stream::streams_listed_max));
  QUIPU_TRY(const stream::StreamList list, answer_of(call.context.streams.list(request)));
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("Streams").begin_array();
  for (const table::StreamInfo& stream : list.streams) {
    json.begin_object();
    append_identity(json, call.context, stream);
    json.end_object();
  }
  json.end_array();
  if (list.more) json.member("LastEvaluatedStreamArn").string(arn_of(call.context, list.streams.back()));
  json.end_object();
  return {};
}

Answer<> describe_stream(Call& call) {
  const JsonNode& input = *call.input;
  stream::DescribeStream request{.arn = string_member_or(input, "StreamArn", {}),
                                 .after_shard_id = string_member(input, "ExclusiveStartShardId")};
  request.limit = static_cast<std::uint64_t>(integer_member_or(input, "Limit", stream::shards_described_max));
  if (const JsonNode* filter = input.find("ShardFilter"))
    request.children_of = stream::ShardFilter{.shard_id = string_member_or(*filter, "ShardId", {})};
  QUIPU_TRY(const stream::StreamDescription found, answer_of(call.context.streams.describe(request)));
  const table::StreamInfo& stream = found.stream;
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("StreamDescription").begin_object();
  append_identity(json, call.context, stream);
  json.member("StreamStatus").string(stream.open() ? "ENABLED" : "DISABLED");
  json.member("StreamViewType").string(stream_view_name(stream.view));
  append_time(json, "CreationRequestDateTime", static_cast<std::int64_t>(stream.created_ms));
  append_key_schema(json, stream.partition_key, stream.sort_key);
  json.member("Shards").begin_array();
  for (const stream::Shard& shard : found.shards) append_shard(json, shard);
  json.end_array();
  if (found.more) json.member("LastEvaluatedShardId").string(found.shards.back().id);
  json.end_object().end_object();
  return {};
}

Answer<> get_shard_iterator(Call& call) {
  const JsonNode& input = *call.input;
  const auto type = parse_iterator_type(string_member_or(input, "ShardIteratorType", {}));
  if (!type) return validation("ShardIteratorType is unknown");
  QUIPU_TRY(const std::string iterator,
            answer_of(call.context.streams.make_iterator({.arn = string_member_or(input, "StreamArn", {}),
                                                          .shard_id = string_member_or(input, "ShardId", {}),
                                                          .type = *type,
                                                          .sequence_number = string_member(input, "SequenceNumber")})));
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("ShardIterator").string(iterator).end_object();
  return {};
}

Answer<> get_records(Call& call) {
  const JsonNode& input = *call.input;
  stream::GetRecords request{.iterator = string_member_or(input, "ShardIterator", {})};
  request.limit = static_cast<std::uint64_t>(integer_member_or(input, "Limit", stream::records_read_max));
  QUIPU_TRY(const stream::Records found, answer_of(call.context.streams.read(request)));
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("Records").begin_array();
  for (const stream::StreamRecord& record : found.records) append_record(json, call.context, record, found.stream.view);
  json.end_array();
  if (found.next_iterator) json.member("NextShardIterator").string(*found.next_iterator);
  json.end_object();
  return {};
}

}  // namespace

Answer<> begin_list_streams(Call& call) {
  return call.run_on_worker(list_streams);
}

Answer<> begin_describe_stream(Call& call) {
  return call.run_on_worker(describe_stream);
}

Answer<> begin_get_shard_iterator(Call& call) {
  return call.run_on_worker(get_shard_iterator);
}

Answer<> begin_get_records(Call& call) {
  return call.run_on_worker(get_records);
}

}  // namespace quipu::aws
