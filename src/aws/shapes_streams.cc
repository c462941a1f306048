#include "aws/shapes_common.h"

namespace quipu::aws::shapes {

namespace {

constexpr Shape stream_arn = text(37, 1024);
constexpr Shape shard_id = text(28, 65);
constexpr Shape shard_iterator = text(1, 2048);
constexpr Shape sequence_number = text(21, 40);

constexpr auto list_streams_members = members({
    {"TableName", &name_or_arn},
    {"Limit", &positive_integer},
    {"ExclusiveStartStreamArn", &stream_arn},
});

constexpr auto filter_type_values = std::to_array<std::string_view>({"CHILD_SHARDS"});
constexpr Shape filter_type = one_of(filter_type_values);
constexpr auto shard_filter_members = members({{"Type", &filter_type}, {"ShardId", &shard_id}});
constexpr Shape shard_filter = structure("ShardFilter", shard_filter_members);
constexpr auto describe_stream_members = members({
    {"StreamArn", &stream_arn, required},
    {"Limit", &positive_integer},
    {"ExclusiveStartShardId", &shard_id},
    {"ShardFilter", &shard_filter},
});

constexpr auto iterator_type_values =
    std::to_array<std::string_view>({"AFTER_SEQUENCE_NUMBER", "LATEST", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"});
constexpr Shape iterator_type = one_of(iterator_type_values);
constexpr auto get_shard_iterator_members = members({
    {"StreamArn", &stream_arn, required},
    {"ShardId", &shard_id, required},
    {"ShardIteratorType", &iterator_type, required},
    {"SequenceNumber", &sequence_number},
});

constexpr Shape records_limit = integer(1, 1000);
constexpr auto get_records_members = members({
    {"ShardIterator", &shard_iterator, required},
    {"Limit", &records_limit},
});

}  // namespace

constexpr Shape list_streams = structure("ListStreamsInput", list_streams_members);
constexpr Shape describe_stream = structure("DescribeStreamInput", describe_stream_members);
constexpr Shape get_shard_iterator = structure("GetShardIteratorInput", get_shard_iterator_members);
constexpr Shape get_records = structure("GetRecordsInput", get_records_members);

}  // namespace quipu::aws::shapes
