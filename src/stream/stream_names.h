// How streams, their shards and their records are called. A stream is named by its table and the moment it was switched
// on; a record by its change number.
//
//   ARN              arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL
//   label            2015-05-11T21:21:33.291, in UTC
//   shard id         shardId-MMMMMMMMMMMMMMMMMMMM-xxxxxxxx: the ms of the label, and a checksum of table and moment
//   sequence number  10^20 + change number: 21 digits, so that their order as text is their order as numbers
//
// Clients keep all of these: they never change for a stream that is there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "table/stream_info.h"

namespace quipu::stream {

// Where the caller believes to be. Only what is written depends on it: an ARN is read whatever region it names.
struct ArnScope {
  std::string_view region;
  std::string_view account;
};

std::string stream_label(std::uint64_t created_ms);
std::string stream_arn(const ArnScope& scope, std::string_view table_name, std::uint64_t created_ms);

struct StreamName {
  std::string_view table;
  std::string_view label;

  friend auto operator<=>(const StreamName&, const StreamName&) = default;
};
// Views into `arn`. Nothing: it is no stream's.
std::optional<StreamName> parse_stream_arn(std::string_view arn);

std::string shard_id(const table::StreamInfo& stream);

std::string sequence_number(std::uint64_t change);
// Nothing: it is none of ours.
std::optional<std::uint64_t> parse_sequence_number(std::string_view text);

}  // namespace quipu::stream
