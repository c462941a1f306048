#include "aws/table_description.h"

#include <algorithm>

#include "aws/item_rules.h"
#include "aws/table_settings.h"
#include "stream/stream_names.h"

namespace quipu::aws {

namespace {

// AttributeDefinitions: all key attributes of the table and its indexes, in the order in which they were given.
void append_definitions(JsonWriter& json, const table::TableSchema& schema, const TableSettings& settings) {
  std::vector<table::KeyAttribute> attributes = schema.key_attributes();
  const auto place = [&](const table::KeyAttribute& attribute) {
    return std::ranges::find(settings.definitions, attribute.name) - settings.definitions.begin();
  };
  std::ranges::stable_sort(attributes, {}, place);
  json.member("AttributeDefinitions").begin_array();
  for (const table::KeyAttribute& attribute : attributes)
    json.begin_object()
        .member("AttributeName")
        .string(attribute.name)
        .member("AttributeType")
        .string(type_name(attribute.type))
        .end_object();
  json.end_array();
}

Answer<> append_index(JsonWriter& json, const Context& context, const table::TableSchema& schema,
                      const table::IndexSchema& index, const TableSettings& settings) {
  QUIPU_API_TRY(const table::TableFigures figures, context.tables.figures(index.id));
  json.begin_object().member("IndexName").string(index.name);
  append_key_schema(json, index.partition_key, index.sort_key);
  append_projection(json, index);
  if (index.kind == table::IndexKind::global) {
    const bool filling = index.filling == table::Filling::under_way;
    json.member("IndexStatus").string(filling ? "CREATING" : "ACTIVE");
    if (filling) json.member("Backfilling").boolean(true);
    const Throughput throughput = settings.on_demand ? Throughput{} : read_throughput(index);
    append_throughput(json, throughput.read_units, throughput.write_units);
  }
  json.member("IndexSizeBytes").uint64(figures.bytes).member("ItemCount").uint64(figures.items);
  json.member("IndexArn").string(fmt::format("{}/index/{}", table_arn(context, schema.name), index.name));
  json.end_object();
  return {};
}

Answer<> append_indexes(JsonWriter& json, const Context& context, const table::TableSchema& schema,
                        table::IndexKind kind, std::string_view member, const TableSettings& settings) {
  bool any = false;
  for (const table::IndexSchema& index : schema.indexes) {
    if (index.kind != kind) continue;
    if (!any) json.member(member).begin_array();
    any = true;
    QUIPU_CHECK(append_index(json, context, schema, index, settings));
  }
  if (any) json.end_array();
  return {};
}

void append_stream(JsonWriter& json, const Context& context, const table::TableSchema& schema) {
  if (schema.stream_created_ms == 0) return;
  const std::string label = stream::stream_label(schema.stream_created_ms);
  if (schema.stream_view != table::StreamView::off)
    json.member("StreamSpecification")
        .begin_object()
        .member("StreamEnabled")
        .boolean(true)
        .member("StreamViewType")
        .string(stream_view_name(schema.stream_view))
        .end_object();
  json.member("LatestStreamLabel").string(label);
  json.member("LatestStreamArn").string(fmt::format("{}/stream/{}", table_arn(context, schema.name), label));
}

void append_restore(JsonWriter& json, const Context& context, const table::TableSchema& schema,
                    const TableSettings& settings) {
  if (settings.restored_backup.empty()) return;
  json.member("RestoreSummary").begin_object().member("SourceBackupArn").string(settings.restored_backup);
  json.member("SourceTableArn").string(table_arn(context, settings.restored_table));
  append_time(json, "RestoreDateTime", static_cast<std::int64_t>(schema.created_ms));
  json.member("RestoreInProgress").boolean(schema.filling == table::Filling::under_way).end_object();
}

std::string_view status_of(const table::TableSchema& schema) {
  if (schema.filling == table::Filling::under_way) return "CREATING";
  const bool updating = std::ranges::any_of(
      schema.indexes, [](const table::IndexSchema& index) { return index.filling == table::Filling::under_way; });
  return updating ? "UPDATING" : "ACTIVE";
}

}  // namespace

std::string table_arn(const Context& context, std::string_view table) {
  return fmt::format("arn:aws:dynamodb:{}:{}:table/{}", context.region, context.account, table);
}

std::string_view stream_view_name(table::StreamView view) {
  switch (view) {
    case table::StreamView::off: break;
    case table::StreamView::keys_only: return "KEYS_ONLY";
    case table::StreamView::new_image: return "NEW_IMAGE";
    case table::StreamView::old_image: return "OLD_IMAGE";
    case table::StreamView::new_and_old_images: return "NEW_AND_OLD_IMAGES";
  }
  return "";
}

std::optional<table::StreamView> parse_stream_view(std::string_view text) {
  for (const auto view : {table::StreamView::keys_only, table::StreamView::new_image, table::StreamView::old_image,
                          table::StreamView::new_and_old_images})
    if (stream_view_name(view) == text) return view;
  return std::nullopt;
}

void append_time(JsonWriter& json, std::string_view member, std::int64_t wall_ms) {
  json.member(member).raw_number(fmt::format("{}.{:03}", wall_ms / 1000, wall_ms % 1000));
}

void append_key_schema(JsonWriter& json, const table::KeyAttribute& partition_key,
                       const std::optional<table::KeyAttribute>& sort_key) {
  const auto append = [&](const table::KeyAttribute& attribute, std::string_view type) {
    json.begin_object().member("AttributeName").string(attribute.name).member("KeyType").string(type).end_object();
  };
  json.member("KeySchema").begin_array();
  append(partition_key, "HASH");
  if (sort_key) append(*sort_key, "RANGE");
  json.end_array();
}

void append_projection(JsonWriter& json, const table::IndexSchema& index) {
  json.member("Projection").begin_object().member("ProjectionType");
  switch (index.projection) {
    case table::IndexProjection::all: json.string("ALL"); break;
    case table::IndexProjection::keys_only: json.string("KEYS_ONLY"); break;
    case table::IndexProjection::include:
      json.string("INCLUDE").member("NonKeyAttributes").begin_array();
      for (const std::string& name : index.included) json.string(name);
      json.end_array();
      break;
  }
  json.end_object();
}

void append_throughput(JsonWriter& json, std::int64_t read_units, std::int64_t write_units) {
  json.member("ProvisionedThroughput").begin_object().member("NumberOfDecreasesToday").int64(0);
  json.member("ReadCapacityUnits").int64(read_units).member("WriteCapacityUnits").int64(write_units).end_object();
}

Answer<> append_table_description(JsonWriter& json, const Context& context, const table::TableSchema& schema,
                                  std::string_view status) {
  const TableSettings settings = read_settings(schema);
  QUIPU_API_TRY(const table::TableFigures figures, context.tables.figures(schema.id));
  json.begin_object();
  append_definitions(json, schema, settings);
  json.member("TableName").string(schema.name);
  append_key_schema(json, schema.partition_key, schema.sort_key);
  json.member("TableStatus").string(status.empty() ? status_of(schema) : status);
  append_time(json, "CreationDateTime", static_cast<std::int64_t>(schema.created_ms));
  append_throughput(json, settings.on_demand ? 0 : settings.throughput.read_units,
                    settings.on_demand ? 0 : settings.throughput.write_units);
  json.member("TableSizeBytes").uint64(figures.bytes).member("ItemCount").uint64(figures.items);
  json.member("TableArn").string(table_arn(context, schema.name));
  if (!settings.table_id.empty()) json.member("TableId").string(settings.table_id);
  if (settings.on_demand) {
    json.member("BillingModeSummary").begin_object().member("BillingMode").string("PAY_PER_REQUEST");
    append_time(
        json, "LastUpdateToPayPerRequestDateTime",
        settings.on_demand_since_ms != 0 ? settings.on_demand_since_ms : static_cast<std::int64_t>(schema.created_ms));
    json.end_object();
  }
  QUIPU_CHECK(append_indexes(json, context, schema, table::IndexKind::local, "LocalSecondaryIndexes", settings));
  QUIPU_CHECK(append_indexes(json, context, schema, table::IndexKind::global, "GlobalSecondaryIndexes", settings));
  append_stream(json, context, schema);
  if (!settings.table_class.empty())
    json.member("TableClassSummary").begin_object().member("TableClass").string(settings.table_class).end_object();
  append_restore(json, context, schema, settings);
  json.member("DeletionProtectionEnabled").boolean(settings.deletion_protection);
  json.end_object();
  return {};
}

}  // namespace quipu::aws
