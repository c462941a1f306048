// UpdateTable.
#include <fmt/ranges.h>
#include <algorithm>
#include <span>

#include "aws/json_members.h"
#include "aws/table_description.h"
#include "aws/table_name.h"
#include "aws/table_operations.h"
#include "aws/table_requests.h"

namespace quipu::aws {

namespace {

using table::IndexSchema;
using table::KeyAttribute;
using table::TableSchema;

constexpr auto changing_members = std::to_array<std::string_view>(
    {"BillingMode", "ProvisionedThroughput", "GlobalSecondaryIndexUpdates", "StreamSpecification", "SSESpecification",
     "ReplicaUpdates", "TableClass", "DeletionProtectionEnabled"});

Answer<> change_billing(const JsonNode& input, std::int64_t now_ms, TableSettings& settings) {
  const auto mode = string_member(input, "BillingMode");
  const JsonNode* node = input.find("ProvisionedThroughput");
  const bool was_on_demand = settings.on_demand;
  if (mode) settings.on_demand = *mode == "PAY_PER_REQUEST";
  if (settings.on_demand) {
    if (node != nullptr)
      return invalid_values(
          "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
    if (!was_on_demand) settings.on_demand_since_ms = now_ms;
    return {};
  }
  if (node == nullptr) {
    if (was_on_demand) return invalid_values("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
    return {};
  }
  QUIPU_TRY(const Throughput wanted, read_throughput_of(*node));
  const Throughput& now = settings.throughput;
  if (!was_on_demand && wanted == now)
    return validation(
        "The provisioned throughput for the table will not change. The requested value equals the current value. "
        "Current "
        "ReadCapacityUnits provisioned for the table: {}. Requested ReadCapacityUnits: {}. Current WriteCapacityUnits "
        "provisioned for the table: {}. Requested WriteCapacityUnits: {}. Refer to the Amazon DynamoDB Developer Guide "
        "for "
        "current limits and how to request higher limits.",
        now.read_units, wanted.read_units, now.write_units, wanted.write_units);
  settings.throughput = wanted;
  return {};
}

// What is a key already keeps its type, whatever the request says.
void keep_type(const std::vector<KeyAttribute>& keys, KeyAttribute& attribute) {
  const auto known = std::ranges::find(keys, attribute.name, &KeyAttribute::name);
  if (known != keys.end()) attribute.type = known->type;
}

std::unexpected<ApiError> throughput_missing(std::string_view index) {
  return invalid_values("Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: {}", index);
}

// CreateTable says it in other words.
Answer<> check_throughput_of_new(const JsonNode& node, const TableSettings& settings) {
  const std::string_view index = string_member_or(node, "IndexName", {});
  const bool given = node.find("ProvisionedThroughput") != nullptr;
  if (settings.on_demand && given)
    return invalid_values(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {} when BillingMode is "
        "PAY_PER_REQUEST",
        index);
  if (!settings.on_demand && !given) return throughput_missing(index);
  return {};
}

Answer<> create_index(const JsonNode& node, const Definitions& definitions, const TableSettings& settings,
                      TableSchema& schema) {
  QUIPU_CHECK(check_throughput_of_new(node, settings));
  QUIPU_TRY(IndexSchema index, read_global_index(node, definitions, settings.on_demand));
  if (schema.find_index(index.name) != nullptr) return validation("Attempting to create an index which already exists");
  const auto globals = std::ranges::count(schema.indexes, table::IndexKind::global, &IndexSchema::kind);
  if (static_cast<std::size_t>(globals) >= global_indexes_max)
    return invalid_values("GlobalSecondaryIndex count exceeds the per-table limit of {}", global_indexes_max);
  const std::vector<KeyAttribute> keys = schema.key_attributes();
  keep_type(keys, index.partition_key);
  if (index.sort_key) keep_type(keys, *index.sort_key);
  index.filling = table::Filling::under_way;
  schema.indexes.push_back(std::move(index));
  return {};
}

// The global index that an update names.
Answer<std::vector<IndexSchema>::iterator> find_global(const JsonNode& node, TableSchema& schema) {
  const auto found = std::ranges::find(schema.indexes, string_member_or(node, "IndexName", {}), &IndexSchema::name);
  if (found == schema.indexes.end() || found->kind != table::IndexKind::global)
    return refuse(ErrorType::resource_not_found, "Requested resource not found");
  return found;
}

// What else may be updated of an index has no effect here.
Answer<> update_index(const JsonNode& node, const TableSettings& settings, TableSchema& schema) {
  QUIPU_TRY(const auto index, find_global(node, schema));
  const JsonNode* throughput = node.find("ProvisionedThroughput");
  const bool other = node.find("OnDemandThroughput") != nullptr || node.find("WarmThroughput") != nullptr;
  if (settings.on_demand && (throughput != nullptr || !other))
    return invalid_values(
        "The only Updates for index: {} when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, "
        "WarmThroughput",
        index->name);
  if (throughput == nullptr && !other) return throughput_missing(index->name);
  if (throughput == nullptr) return {};
  QUIPU_TRY(const Throughput wanted, read_throughput_of(*throughput));
  write_throughput(wanted, *index);
  return {};
}

Answer<> change_index(const JsonNode& update, const Definitions& definitions, const TableSettings& settings,
                      TableSchema& schema) {
  if (const JsonNode* create = update.find("Create")) return create_index(*create, definitions, settings, schema);
  if (const JsonNode* erase = update.find("Delete")) {
    QUIPU_TRY(const auto index, find_global(*erase, schema));
    schema.indexes.erase(index);
    return {};
  }
  if (const JsonNode* change = update.find("Update")) return update_index(*change, settings, schema);
  return invalid_values("One of GlobalSecondaryIndexUpdate's Create, Update or Delete must be specified");
}

// Defined is what is a key. New ones come behind those that were there, as they stand in the request.
void change_definitions(const Definitions& definitions, const TableSchema& schema, TableSettings& settings) {
  std::vector<std::string>& names = settings.definitions;
  for (const std::string& name : definitions.names())
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  const std::vector<KeyAttribute> keys = schema.key_attributes();
  std::erase_if(
      names, [&](const std::string& name) { return std::ranges::find(keys, name, &KeyAttribute::name) == keys.end(); });
}

// While an index is filled nothing about indexes may be changed, but that one may be deleted.
bool may_change_indexes(std::span<const JsonNode> updates, const TableSchema& schema) {
  if (std::ranges::find(schema.indexes, table::Filling::under_way, &IndexSchema::filling) == schema.indexes.end())
    return true;
  const JsonNode* erase = updates.size() == 1 ? updates.front().find("Delete") : nullptr;
  const IndexSchema* index = erase != nullptr ? schema.find_index(string_member_or(*erase, "IndexName", {})) : nullptr;
  return index != nullptr && index->filling == table::Filling::under_way;
}

Answer<> change_indexes(const JsonNode& input, const Definitions& definitions, TableSettings& settings,
                        TableSchema& schema) {
  const JsonNode* updates = input.find("GlobalSecondaryIndexUpdates");
  if (updates == nullptr) return {};
  if (!may_change_indexes(updates->elements(), schema))
    return refuse(
        ErrorType::resource_in_use,
        fmt::format("Attempt to change a resource which is still in use: Table is being updated: {}", schema.name));
  const auto made_or_deleted = std::ranges::count_if(
      updates->elements(), [](const JsonNode& update) { return update.find("Update") == nullptr; });
  if (made_or_deleted > 1)
    return refuse(ErrorType::limit_exceeded,
                  "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table");
  for (const JsonNode& update : updates->elements()) QUIPU_CHECK(change_index(update, definitions, settings, schema));
  change_definitions(definitions, schema, settings);
  return {};
}

// The indexes of a table that was paid by request have none, whatever they had before that.
void forget_throughput(TableSchema& schema) {
  for (IndexSchema& index : schema.indexes)
    if (index.kind == table::IndexKind::global) write_throughput({}, index);
}

Answer<> check_throughput(const TableSchema& schema) {
  std::vector<std::string_view> missing;
  for (const IndexSchema& index : schema.indexes)
    if (index.kind == table::IndexKind::global && read_throughput(index) == Throughput{}) missing.push_back(index.name);
  if (missing.empty()) return {};
  return invalid_values("ProvisionedThroughput must be specified for index: {}", fmt::join(missing, ","));
}

Answer<> change_stream(const JsonNode& input, TableSchema& schema) {
  QUIPU_TRY(const auto view, read_stream_view(input));
  if (!view) return {};
  const bool on = schema.stream_view != table::StreamView::off;
  if (on && *view != table::StreamView::off)
    return validation("Table already has an enabled stream: TableName: {}", schema.name);
  if (!on && *view == table::StreamView::off)
    return validation("Table has no stream to disable: TableName: {}", schema.name);
  schema.stream_view = *view;
  return {};
}

Answer<> change_table(const JsonNode& input, const Definitions& definitions, std::int64_t now_ms, TableSchema& schema) {
  TableSettings settings = read_settings(schema);
  const bool was_on_demand = settings.on_demand;
  QUIPU_CHECK(change_billing(input, now_ms, settings));
  const bool provisioned_anew = was_on_demand && !settings.on_demand;
  if (provisioned_anew) forget_throughput(schema);
  QUIPU_CHECK(change_indexes(input, definitions, settings, schema));
  if (provisioned_anew) QUIPU_CHECK(check_throughput(schema));
  QUIPU_CHECK(change_stream(input, schema));
  settings.deletion_protection = boolean_member_or(input, "DeletionProtectionEnabled", settings.deletion_protection);
  settings.table_class = string_member_or(input, "TableClass", settings.table_class);
  write_settings(settings, schema);
  return {};
}

}  // namespace

Answer<> begin_update_table(Call& call) {
  const JsonNode& input = *call.input;
  QUIPU_TRY(const std::string_view name, checked_table_name(string_member_or(input, "TableName", {})));
  if (std::ranges::none_of(changing_members, [&](std::string_view member) { return input.find(member) != nullptr; }))
    return validation(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
        "SSESpecification or ReplicaUpdates is required");
  QUIPU_TRY(Definitions definitions, Definitions::read(input));
  return call.run_on_worker([name, definitions = std::move(definitions)](Call& on_worker) -> Answer<> {
    const Context& context = on_worker.context;
    QUIPU_TRY(const auto changed, edit_table(context.tables, std::string{name}, [&](auto& found) -> Answer<> {
                if (!found || !is_user_table(*found)) return table_resource_not_found(name);
                return change_table(*on_worker.input, definitions, context.clock.wall_ms(), *found);
              }));
    on_worker.body.clear();
    JsonWriter json{on_worker.body};
    json.begin_object().member("TableDescription");
    QUIPU_CHECK(append_table_description(json, context, *changed, "UPDATING"));
    json.end_object();
    return {};
  });
}

}  // namespace quipu::aws
