// Backups: CreateBackup, DescribeBackup, ListBackups, DeleteBackup, RestoreTableFromBackup, DescribeContinuousBackups.
//
// A backup is a hidden table that is filled from the one it is of, as that is at one moment, and keeps the description
// of it. It is named "backup/TABLE/ID", which no table of a user's can be.
#include <algorithm>

#include "aws/json_members.h"
#include "aws/table_description.h"
#include "aws/table_name.h"
#include "aws/table_operations.h"
#include "aws/table_requests.h"
#include "base/bytes.h"
#include "base/random.h"
#include "table/schema.h"

namespace quipu::aws {

namespace {

using table::TableSchema;

constexpr std::string_view hidden_prefix = "backup/";
constexpr std::int64_t list_backups_max = 100;
constexpr std::string_view arn_part = "/backup/";

// What a backup remembers, in its schema's settings.
struct Backup {
  std::string table;        // whose
  std::string id;           // 01547087347000-abcdef12
  std::string name;         // as the caller named it
  std::string description;  // the table's schema as it was, encoded
};

std::string hidden_name(std::string_view table, std::string_view id) {
  return fmt::format("{}{}/{}", hidden_prefix, table, id);
}

std::string backup_arn(const Context& context, const Backup& backup) {
  return fmt::format("{}{}{}", table_arn(context, backup.table), arn_part, backup.id);
}

void write_backup(const Backup& backup, TableSchema& schema) {
  value::Item settings;
  settings.set("table", value::Value::string(backup.table));
  settings.set("id", value::Value::string(backup.id));
  settings.set("name", value::Value::string(backup.name));
  settings.set("description", value::Value::binary(backup.description));
  schema.settings = std::move(settings);
}

std::optional<Backup> read_backup(const TableSchema& schema) {
  if (!schema.name.starts_with(hidden_prefix)) return std::nullopt;
  const auto text = [&](std::string_view name) -> std::string {
    const value::Value* value = schema.settings.find(name);
    return value != nullptr && value->if_string() != nullptr ? *value->if_string() : std::string{};
  };
  const value::Value* description = schema.settings.find("description");
  if (description == nullptr || !description->is(value::Type::binary)) return std::nullopt;
  return Backup{
      .table = text("table"), .id = text("id"), .name = text("name"), .description = description->as_binary()};
}

Result<TableSchema> described_table(const Backup& backup) {
  return table::decode_schema(table::schema_key(backup.table), backup.description);
}

std::unexpected<ApiError> backup_not_found(std::string_view arn) {
  return refuse(ErrorType::backup_not_found, fmt::format("Backup not found: {}", arn));
}

// Of the backup that the ARN names, which need not be there.
Answer<std::string> hidden_name_of(std::string_view arn) {
  const std::size_t at = arn.find(arn_part);
  const std::string_view table = table_name_in_arn(arn);
  if (table.empty() || at == std::string_view::npos) return backup_not_found(arn);
  return hidden_name(table, arn.substr(at + arn_part.size()));
}

Answer<std::shared_ptr<const TableSchema>> find_backup(const Context& context, std::string_view arn) {
  QUIPU_TRY(const std::string name, hidden_name_of(arn));
  auto schema = context.tables.find(name);
  if (schema == nullptr || !read_backup(*schema)) return backup_not_found(arn);
  return schema;
}

std::string_view status_of(const TableSchema& schema) {
  return schema.filling == table::Filling::under_way ? "CREATING" : "AVAILABLE";
}

Answer<> append_details(JsonWriter& json, const Context& context, const TableSchema& schema, const Backup& backup,
                        std::string_view status) {
  QUIPU_API_TRY(const table::TableFigures figures, context.tables.figures(schema.id));
  json.begin_object().member("BackupArn").string(backup_arn(context, backup));
  json.member("BackupName").string(backup.name).member("BackupSizeBytes").uint64(figures.bytes);
  json.member("BackupStatus").string(status).member("BackupType").string("USER");
  append_time(json, "BackupCreationDateTime", static_cast<std::int64_t>(schema.created_ms));
  json.end_object();
  return {};
}

void append_source(JsonWriter& json, const Context& context, const TableSchema& source,
                   const table::TableFigures& figures) {
  const TableSettings settings = read_settings(source);
  json.begin_object().member("TableName").string(source.name);
  if (!settings.table_id.empty()) json.member("TableId").string(settings.table_id);
  json.member("TableArn").string(table_arn(context, source.name)).member("TableSizeBytes").uint64(figures.bytes);
  append_key_schema(json, source.partition_key, source.sort_key);
  append_time(json, "TableCreationDateTime", static_cast<std::int64_t>(source.created_ms));
  json.member("ProvisionedThroughput").begin_object();
  json.member("ReadCapacityUnits").int64(settings.throughput.read_units);
  json.member("WriteCapacityUnits").int64(settings.throughput.write_units).end_object();
  json.member("ItemCount").uint64(figures.items);
  json.member("BillingMode").string(settings.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED");
  json.end_object();
}

void append_source_features(JsonWriter& json, const TableSchema& source) {
  json.begin_object();
  for (const auto kind : {table::IndexKind::local, table::IndexKind::global}) {
    bool any = false;
    for (const table::IndexSchema& index : source.indexes) {
      if (index.kind != kind) continue;
      if (!any)
        json.member(kind == table::IndexKind::local ? "LocalSecondaryIndexes" : "GlobalSecondaryIndexes").begin_array();
      any = true;
      json.begin_object().member("IndexName").string(index.name);
      append_key_schema(json, index.partition_key, index.sort_key);
      append_projection(json, index);
      json.end_object();
    }
    if (any) json.end_array();
  }
  if (source.stream_view != table::StreamView::off)
    json.member("StreamDescription")
        .begin_object()
        .member("StreamEnabled")
        .boolean(true)
        .member("StreamViewType")
        .string(stream_view_name(source.stream_view))
        .end_object();
  json.end_object();
}

Answer<> append_description(JsonWriter& json, const Context& context, const TableSchema& schema,
                            std::string_view status) {
  const auto backup = read_backup(schema);
  QUIPU_API_TRY(const TableSchema source, described_table(*backup));
  QUIPU_API_TRY(const table::TableFigures figures, context.tables.figures(schema.id));
  json.begin_object().member("BackupDetails");
  QUIPU_CHECK(append_details(json, context, schema, *backup, status));
  json.member("SourceTableDetails");
  append_source(json, context, source, figures);
  json.member("SourceTableFeatureDetails");
  append_source_features(json, source);
  json.end_object();
  return {};
}

// A hidden table with the key of the one it is of, and nothing else of it.
TableSchema hidden_table(const TableSchema& of, std::string_view name, std::int64_t now_ms) {
  Backup backup{.table = of.name,
                .id = fmt::format("{:014}-{}", now_ms, to_hex(secure_random_bytes(4))),
                .name = std::string{name},
                .description = table::encode_schema(of)};
  TableSchema hidden{.name = hidden_name(of.name, backup.id),
                     .partition_key = of.partition_key,
                     .sort_key = of.sort_key,
                     .system = true,
                     .filling = table::Filling::under_way,
                     .source = of.name};
  write_backup(backup, hidden);
  return hidden;
}

// What the table that a backup is of would be, made anew.
TableSchema restored_table(TableSchema schema, std::string_view name, std::string_view backup_arn,
                           const TableSchema& from, std::int64_t now_ms) {
  const std::string source_name = schema.name;
  schema.name = name;
  schema.id = 0;
  for (table::IndexSchema& index : schema.indexes) {
    index.id = 0;
    index.filling = table::Filling::done;
  }
  // As with the service: streams, time to live, tags and protection are for the new table's owner to set.
  schema.stream_view = table::StreamView::off;
  schema.stream_created_ms = 0;
  schema.expiry.reset();
  schema.filling = table::Filling::under_way;
  schema.source = from.name;
  TableSettings settings = read_settings(schema);
  settings.table_id = new_uuid();
  settings.tags.clear();
  settings.restored_backup = backup_arn;
  settings.restored_table = source_name;
  settings.deletion_protection = false;
  if (settings.on_demand) settings.on_demand_since_ms = now_ms;
  write_settings(settings, schema);
  return schema;
}

struct BackupFilter {
  std::optional<std::string> table;
  std::optional<std::string> after;  // the hidden name of the backup that a list goes on behind
  std::int64_t limit = list_backups_max;
};

bool is_listed(const TableSchema& schema, const BackupFilter& filter) {
  const auto backup = read_backup(schema);
  return backup && (!filter.table || backup->table == *filter.table) && (!filter.after || schema.name > *filter.after);
}

Answer<> append_summaries(JsonWriter& json, const Context& context, const BackupFilter& filter) {
  json.begin_object().member("BackupSummaries").begin_array();
  std::optional<std::string> last;
  std::int64_t count = 0;
  bool more = false;
  for (const auto& schema : context.tables.list()) {
    if (!is_listed(*schema, filter)) continue;
    if (count++ == filter.limit) {
      more = true;
      break;
    }
    const auto backup = read_backup(*schema);
    QUIPU_API_TRY(const TableSchema source, described_table(*backup));
    QUIPU_API_TRY(const table::TableFigures figures, context.tables.figures(schema->id));
    json.begin_object().member("TableName").string(backup->table);
    json.member("TableId").string(read_settings(source).table_id);
    json.member("TableArn").string(table_arn(context, backup->table));
    last = backup_arn(context, *backup);
    json.member("BackupArn").string(*last).member("BackupName").string(backup->name);
    append_time(json, "BackupCreationDateTime", static_cast<std::int64_t>(schema->created_ms));
    json.member("BackupStatus").string(status_of(*schema));
    json.member("BackupType").string("USER").member("BackupSizeBytes").uint64(figures.bytes).end_object();
  }
  json.end_array();
  if (more && last) json.member("LastEvaluatedBackupArn").string(*last);
  json.end_object();
  return {};
}

}  // namespace

Answer<> begin_create_backup(Call& call) {
  QUIPU_TRY(const std::string_view name, checked_table_name(string_member_or(*call.input, "TableName", {})));
  return call.run_on_worker([name](Call& on_worker) -> Answer<> {
    const Context& context = on_worker.context;
    const auto source = context.tables.find(name);
    if (source == nullptr || !is_user_table(*source) || source->filling != table::Filling::done)
      return refuse(ErrorType::table_not_found, fmt::format("Table not found: {}", name));
    TableSchema hidden =
        hidden_table(*source, string_member_or(*on_worker.input, "BackupName", {}), context.clock.wall_ms());
    std::string hidden_name = hidden.name;
    QUIPU_TRY(const auto made, edit_table(context.tables, std::move(hidden_name), [&](auto& found) -> Answer<> {
                if (!context.tables.still_has(*source))
                  return refuse(ErrorType::table_not_found, fmt::format("Table not found: {}", name));
                found = std::move(hidden);
                return {};
              }));
    on_worker.body.clear();
    JsonWriter json{on_worker.body};
    json.begin_object().member("BackupDetails");
    QUIPU_CHECK(append_details(json, context, *made, *read_backup(*made), status_of(*made)));
    json.end_object();
    return {};
  });
}

Answer<> begin_describe_backup(Call& call) {
  return call.run_on_worker([](Call& on_worker) -> Answer<> {
    QUIPU_TRY(const auto schema, find_backup(on_worker.context, string_member_or(*on_worker.input, "BackupArn", {})));
    on_worker.body.clear();
    JsonWriter json{on_worker.body};
    json.begin_object().member("BackupDescription");
    QUIPU_CHECK(append_description(json, on_worker.context, *schema, status_of(*schema)));
    json.end_object();
    return {};
  });
}

Answer<> begin_list_backups(Call& call) {
  const JsonNode& input = *call.input;
  BackupFilter filter{.limit = integer_member_or(input, "Limit", list_backups_max)};
  if (const auto table = string_member(input, "TableName")) {
    QUIPU_TRY(const std::string_view name, checked_table_name(*table));
    filter.table = name;
  }
  if (const auto arn = string_member(input, "ExclusiveStartBackupArn")) {
    QUIPU_TRY(filter.after, hidden_name_of(*arn));
  }
  return call.run_on_worker([filter = std::move(filter)](Call& on_worker) -> Answer<> {
    on_worker.body.clear();
    JsonWriter json{on_worker.body};
    return append_summaries(json, on_worker.context, filter);
  });
}

Answer<> begin_delete_backup(Call& call) {
  return call.run_on_worker([](Call& on_worker) -> Answer<> {
    const Context& context = on_worker.context;
    const std::string_view arn = string_member_or(*on_worker.input, "BackupArn", {});
    QUIPU_TRY(const auto schema, find_backup(context, arn));
    on_worker.body.clear();
    JsonWriter json{on_worker.body};
    json.begin_object().member("BackupDescription");
    QUIPU_CHECK(append_description(json, context, *schema, "DELETED"));
    json.end_object();
    return drop_table(context.tables, schema->name, [&](const auto& found) -> Answer<> {
      if (!found) return backup_not_found(arn);
      if (found->filling == table::Filling::under_way || is_being_copied(context.tables, found->name))
        return refuse(ErrorType::backup_in_use, fmt::format("Backup is being created or restored: {}", arn));
      return {};
    });
  });
}

Answer<> begin_restore_table_from_backup(Call& call) {
  QUIPU_TRY(const std::string_view name, checked_table_name(string_member_or(*call.input, "TargetTableName", {})));
  return call.run_on_worker([name](Call& on_worker) -> Answer<> {
    const Context& context = on_worker.context;
    const std::string_view arn = string_member_or(*on_worker.input, "BackupArn", {});
    QUIPU_TRY(const auto backup, find_backup(context, arn));
    if (backup->filling == table::Filling::under_way)
      return refuse(ErrorType::backup_in_use, fmt::format("Backup is being created: {}", arn));
    QUIPU_API_TRY(TableSchema source, described_table(*read_backup(*backup)));
    const std::int64_t now_ms = context.clock.wall_ms();
    TableSchema wanted = restored_table(std::move(source), name, arn, *backup, now_ms);
    QUIPU_TRY(const auto made, edit_table(context.tables, std::string{name}, [&](auto& found) -> Answer<> {
                if (found)
                  return refuse(ErrorType::table_already_exists, fmt::format("Table already exists: {}", name));
                if (!context.tables.still_has(*backup)) return backup_not_found(arn);
                found = std::move(wanted);
                return {};
              }));
    on_worker.body.clear();
    JsonWriter json{on_worker.body};
    json.begin_object().member("TableDescription");
    QUIPU_CHECK(append_table_description(json, context, *made, "CREATING"));
    json.end_object();
    return {};
  });
}

Answer<> begin_describe_continuous_backups(Call& call) {
  QUIPU_TRY(const std::string_view name, checked_table_name(string_member_or(*call.input, "TableName", {})));
  const auto schema = call.context.tables.find(name);
  if (schema == nullptr || !is_user_table(*schema))
    return refuse(ErrorType::table_not_found, fmt::format("Table not found: {}", name));
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("ContinuousBackupsDescription").begin_object();
  json.member("ContinuousBackupsStatus").string("ENABLED").member("PointInTimeRecoveryDescription").begin_object();
  json.member("PointInTimeRecoveryStatus").string("DISABLED").end_object().end_object().end_object();
  return {};
}

}  // namespace quipu::aws
