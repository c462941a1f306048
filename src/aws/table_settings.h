// What DynamoDB's API knows of a table and the table part does not need to: billing, throughput, tags, protection. Kept
// in the schema's settings, an item of their own (docs/formats/table-settings.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "table/schema.h"

namespace quipu::aws {

struct Throughput {
  std::int64_t read_units = 0;
  std::int64_t write_units = 0;

  friend bool operator==(const Throughput&, const Throughput&) = default;
};

struct TableSettings {
  std::string table_id;  // a UUID
  bool on_demand = false;
  std::int64_t on_demand_since_ms = 0;
  Throughput throughput;
  bool deletion_protection = false;
  std::string table_class;               // empty: nobody asked
  std::vector<std::string> definitions;  // names in AttributeDefinitions, in their order
  std::map<std::string, std::string> tags;
  std::string restored_backup;  // the ARN of the backup that it came from, and the name of the table that that is of
  std::string restored_table;
};

TableSettings read_settings(const table::TableSchema& schema);
void write_settings(const TableSettings& settings, table::TableSchema& schema);

Throughput read_throughput(const table::IndexSchema& index);
void write_throughput(const Throughput& throughput, table::IndexSchema& index);

std::string new_uuid();

}  // namespace quipu::aws
