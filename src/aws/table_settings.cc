#include "aws/table_settings.h"

#include "base/bytes.h"
#include "base/random.h"

namespace quipu::aws {

namespace {

using value::Item;
using value::Value;

std::int64_t number_or_zero(const Item& item, std::string_view name) {
  const Value* value = item.find(name);
  const value::Number* number = value != nullptr ? value->if_number() : nullptr;
  return number != nullptr ? number->to_int64().value_or(0) : 0;
}

bool boolean_or_false(const Item& item, std::string_view name) {
  const Value* value = item.find(name);
  return value != nullptr && value->is(value::Type::boolean) && value->as_boolean();
}

std::string text_or_empty(const Item& item, std::string_view name) {
  const Value* value = item.find(name);
  return value != nullptr && value->if_string() != nullptr ? *value->if_string() : std::string{};
}

Throughput throughput_of(const Item& item) {
  return {.read_units = number_or_zero(item, "read_units"), .write_units = number_or_zero(item, "write_units")};
}

void put_throughput(const Throughput& throughput, Item& item) {
  item.set("read_units", Value::number(throughput.read_units));
  item.set("write_units", Value::number(throughput.write_units));
}

}  // namespace

TableSettings read_settings(const table::TableSchema& schema) {
  const Item& item = schema.settings;
  TableSettings settings{
      .table_id = text_or_empty(item, "table_id"),
      // A table that did not come through this API has no such member, and pays for nothing.
      .on_demand = item.find("on_demand") == nullptr || boolean_or_false(item, "on_demand"),
      .on_demand_since_ms = number_or_zero(item, "on_demand_since_ms"),
      .throughput = throughput_of(item),
      .deletion_protection = boolean_or_false(item, "deletion_protection"),
      .table_class = text_or_empty(item, "table_class"),
      .definitions = {},
      .tags = {},
      .restored_backup = text_or_empty(item, "restored_backup"),
      .restored_table = text_or_empty(item, "restored_table"),
  };
  if (const Value* names = item.find("definitions"); names != nullptr && names->is(value::Type::list))
    for (const Value& name : names->as_list())
      if (name.if_string() != nullptr) settings.definitions.push_back(*name.if_string());
  if (const Value* tags = item.find("tags"); tags != nullptr && tags->is(value::Type::map))
    for (const value::Attribute& tag : tags->as_map())
      if (tag.value.if_string() != nullptr) settings.tags.emplace(tag.name, *tag.value.if_string());
  return settings;
}

void write_settings(const TableSettings& settings, table::TableSchema& schema) {
  Item item;
  item.set("table_id", Value::string(settings.table_id));
  item.set("on_demand", Value::boolean(settings.on_demand));
  item.set("on_demand_since_ms", Value::number(settings.on_demand_since_ms));
  put_throughput(settings.throughput, item);
  item.set("deletion_protection", Value::boolean(settings.deletion_protection));
  item.set("table_class", Value::string(settings.table_class));
  item.set("restored_backup", Value::string(settings.restored_backup));
  item.set("restored_table", Value::string(settings.restored_table));
  Value::List names;
  for (const std::string& name : settings.definitions) names.push_back(Value::string(name));
  item.set("definitions", Value::list(std::move(names)));
  Item tags;
  for (const auto& [key, value] : settings.tags) tags.set(key, Value::string(value));
  item.set("tags", Value::map(std::move(tags)));
  schema.settings = std::move(item);
}

Throughput read_throughput(const table::IndexSchema& index) {
  return throughput_of(index.settings);
}

void write_throughput(const Throughput& throughput, table::IndexSchema& index) {
  put_throughput(throughput, index.settings);
}

std::string new_uuid() {
  std::string bytes = secure_random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = to_hex(bytes);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

}  // namespace quipu::aws
