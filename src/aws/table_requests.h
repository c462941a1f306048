// CreateTable and UpdateTable: what a table shall be, out of JSON, with everything the service says about it.
#pragma once

#include <optional>
#include <vector>

#include "aws/api_error.h"
#include "aws/json_tree.h"
#include "aws/table_settings.h"
#include "table/schema.h"

namespace quipu::aws {

inline constexpr std::size_t local_indexes_max = 5;
inline constexpr std::size_t global_indexes_max = 20;
inline constexpr std::size_t tags_max = 50;
inline constexpr std::int64_t tag_key_length_max = 128;  // in UTF-16 units
inline constexpr std::int64_t tag_value_length_max = 256;

// AttributeDefinitions.
class Definitions {
 public:
  static Answer<Definitions> read(const JsonNode& input);

  // The attribute of that name; null if it is not defined.
  const table::KeyAttribute* find(std::string_view name) const;
  const std::vector<table::KeyAttribute>& all() const { return all_; }
  std::vector<std::string> names() const;

 private:
  std::vector<table::KeyAttribute> all_;
};

Answer<table::TableSchema> read_create_table(const JsonNode& input, std::int64_t now_ms);

// One element of GlobalSecondaryIndexes, or the Create of GlobalSecondaryIndexUpdates.
Answer<table::IndexSchema> read_global_index(const JsonNode& node, const Definitions& definitions, bool on_demand);

// StreamSpecification: off if StreamEnabled is false. Nothing if it is not there.
Answer<std::optional<table::StreamView>> read_stream_view(const JsonNode& input);

Answer<Throughput> read_throughput_of(const JsonNode& node);

// Tags as {"Key","Value"}; adds to what is there.
Answer<> read_tags(const JsonNode& list, std::map<std::string, std::string>& tags);

}  // namespace quipu::aws
