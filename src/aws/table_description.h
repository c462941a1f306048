// A table as DescribeTable and its relatives show it.
#pragma once

#include <string_view>

#include "aws/call.h"
#include "base/json_writer.h"

namespace quipu::aws {

std::string table_arn(const Context& context, std::string_view table);

// "status" is the table's; empty: what it is.
Answer<> append_table_description(JsonWriter& json, const Context& context, const table::TableSchema& schema,
                                  std::string_view status = {});

// Seconds since 1970 with milliseconds.
void append_time(JsonWriter& json, std::string_view member, std::int64_t wall_ms);

void append_key_schema(JsonWriter& json, const table::KeyAttribute& partition_key,
                       const std::optional<table::KeyAttribute>& sort_key);
void append_projection(JsonWriter& json, const table::IndexSchema& index);
void append_throughput(JsonWriter& json, std::int64_t read_units, std::int64_t write_units);

std::string_view stream_view_name(table::StreamView view);
std::optional<table::StreamView> parse_stream_view(std::string_view text);

}  // namespace quipu::aws
