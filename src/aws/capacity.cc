#include "aws/capacity.h"

#include <algorithm>
#include <cmath>

namespace quipu::aws {

namespace {

constexpr std::size_t write_unit_bytes = 1024;
constexpr std::size_t read_unit_bytes = 4096;

double begun(std::size_t bytes, std::size_t unit_bytes) {
  return static_cast<double>(std::max<std::size_t>(1, (bytes + unit_bytes - 1) / unit_bytes));
}

// Units are halves at the finest.
void append_number(JsonWriter& json, std::string_view member, double units) {
  json.member(member).raw_number(fmt::format("{:.1f}", units));
}

}  // namespace

ReturnCapacity parse_return_capacity(std::string_view text) {
  return text == "TOTAL" ? ReturnCapacity::total : text == "INDEXES" ? ReturnCapacity::indexes : ReturnCapacity::none;
}

double write_units(std::size_t bytes, bool transactional) {
  return begun(bytes, write_unit_bytes) * (transactional ? 2 : 1);
}

double read_units(std::size_t bytes, Consistency consistency) {
  const double factor = consistency == Consistency::eventual ? 0.5 : consistency == Consistency::strong ? 1 : 2;
  return begun(bytes, read_unit_bytes) * factor;
}

TableCapacity::Units& TableCapacity::of(const table::IndexSchema& index) {
  ByIndex& indexes = index.kind == table::IndexKind::local ? local_ : global_;
  return indexes[index.name];
}

void TableCapacity::append_units(JsonWriter& json, const Units& units, bool apart) {
  append_number(json, "CapacityUnits", units.read + units.write);
  if (!apart) return;
  if (units.read != 0) append_number(json, "ReadCapacityUnits", units.read);
  if (units.write != 0) append_number(json, "WriteCapacityUnits", units.write);
}

void TableCapacity::append_indexes(JsonWriter& json, std::string_view member, const ByIndex& indexes, bool apart) {
  if (indexes.empty()) return;
  json.member(member).begin_object();
  for (const auto& [name, units] : indexes) {
    json.member(name).begin_object();
    append_units(json, units, apart);
    json.end_object();
  }
  json.end_object();
}

void TableCapacity::append(JsonWriter& json, std::string_view table, ReturnCapacity mode, bool transactional) const {
  Units total = table_;
  for (const ByIndex* indexes : {&local_, &global_})
    for (const auto& [name, units] : *indexes) {
      total.read += units.read;
      total.write += units.write;
    }
  json.begin_object().member("TableName").string(table);
  append_units(json, total, transactional);
  if (mode == ReturnCapacity::indexes) {
    json.member("Table").begin_object();
    append_units(json, table_, transactional);
    json.end_object();
    append_indexes(json, "LocalSecondaryIndexes", local_, transactional);
    append_indexes(json, "GlobalSecondaryIndexes", global_, transactional);
  }
  json.end_object();
}

TableCapacity& Capacity::of(std::string_view table) {
  const auto found = tables_.find(table);
  return found != tables_.end() ? found->second : tables_.emplace(table, TableCapacity{}).first->second;
}

void Capacity::append(JsonWriter& json, ReturnCapacity mode, bool transactional) const {
  if (mode == ReturnCapacity::none || tables_.empty()) return;
  json.member("ConsumedCapacity");
  tables_.begin()->second.append(json, tables_.begin()->first, mode, transactional);
}

void Capacity::append_list(JsonWriter& json, ReturnCapacity mode, bool transactional) const {
  if (mode == ReturnCapacity::none) return;
  json.member("ConsumedCapacity").begin_array();
  for (const auto& [name, capacity] : tables_) capacity.append(json, name, mode, transactional);
  json.end_array();
}

}  // namespace quipu::aws
