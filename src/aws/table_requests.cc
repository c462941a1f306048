#include "aws/table_requests.h"

#include <fmt/ranges.h>
#include <algorithm>
#include <set>

#include "aws/json_members.h"
#include "aws/table_description.h"
#include "base/text.h"

namespace quipu::aws {

namespace {

using table::IndexSchema;
using table::KeyAttribute;
using table::TableSchema;

std::string listed(const std::vector<std::string>& names) {
  return fmt::format("[{}]", fmt::join(names, ", "));
}

std::vector<std::string> names_in_key_schema(const JsonNode& node) {
  std::vector<std::string> names;
  for (const JsonNode& element : node.find("KeySchema")->elements()) {
    std::string name{string_member_or(element, "AttributeName", {})};
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

Answer<> check_defined(const JsonNode& node, const Definitions& definitions) {
  const auto names = names_in_key_schema(node);
  for (const std::string& name : names)
    if (definitions.find(name) == nullptr)
      return invalid_values(
          "Some index key attributes are not defined in AttributeDefinitions. Keys: {}, AttributeDefinitions: {}",
          listed(names), listed(definitions.names()));
  return {};
}

struct Key {
  KeyAttribute partition;
  std::optional<KeyAttribute> sort;
};

Answer<Key> read_key_schema(const JsonNode& node, const Definitions& definitions) {
  const auto elements = node.find("KeySchema")->elements();
  const auto name = [&](std::size_t i) { return string_member_or(elements[i], "AttributeName", {}); };
  const auto type = [&](std::size_t i) { return string_member_or(elements[i], "KeyType", {}); };
  if (definitions.all().size() < elements.size())
    return validation("Invalid KeySchema: Some index key attribute have no definition");
  QUIPU_CHECK(check_defined(node, definitions));
  if (type(0) != "HASH") return validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  Key key{.partition = *definitions.find(name(0)), .sort = {}};
  if (elements.size() == 1) return key;
  if (type(1) != "RANGE") return validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  if (name(0) == name(1))
    return validation("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  key.sort = *definitions.find(name(1));
  return key;
}

Answer<> read_projection(const JsonNode& node, IndexSchema& index) {
  const JsonNode* projection = node.find("Projection");
  const std::string_view type = projection != nullptr ? string_member_or(*projection, "ProjectionType", {}) : "";
  if (type.empty()) return invalid_values("Unknown ProjectionType: null");
  const JsonNode* names = projection->find("NonKeyAttributes");
  if (type != "INCLUDE") {
    if (names != nullptr) return invalid_values("ProjectionType is {}, but NonKeyAttributes is specified", type);
    index.projection = type == "ALL" ? table::IndexProjection::all : table::IndexProjection::keys_only;
    return {};
  }
  if (names == nullptr) return invalid_values("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
  index.projection = table::IndexProjection::include;
  for (const JsonNode& name : names->elements()) index.included.emplace_back(name.text());
  return {};
}

Answer<IndexSchema> read_index(const JsonNode& node, const Definitions& definitions, table::IndexKind kind) {
  IndexSchema index{.name = std::string{string_member_or(node, "IndexName", {})}, .kind = kind};
  QUIPU_TRY(Key key, read_key_schema(node, definitions));
  index.partition_key = std::move(key.partition);
  index.sort_key = std::move(key.sort);
  QUIPU_CHECK(read_projection(node, index));
  return index;
}

Answer<> add_index(TableSchema& schema, IndexSchema index) {
  if (schema.find_index(index.name) != nullptr) return invalid_values("Duplicate index name: {}", index.name);
  schema.indexes.push_back(std::move(index));
  return {};
}

Answer<> read_local_indexes(const JsonNode& input, const Definitions& definitions, TableSchema& schema) {
  const JsonNode* list = input.find("LocalSecondaryIndexes");
  if (list == nullptr) return {};
  if (list->elements().empty()) return invalid_values("List of LocalSecondaryIndexes is empty");
  if (!schema.sort_key)
    return invalid_values(
        "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex");
  for (const JsonNode& node : list->elements()) {
    QUIPU_TRY(IndexSchema index, read_index(node, definitions, table::IndexKind::local));
    if (!index.sort_key) return invalid_values("Index KeySchema does not have a range key for index: {}", index.name);
    if (index.partition_key != schema.partition_key)
      return invalid_values(
          "Index KeySchema does not have the same leading hash key as table KeySchema for index: {}. index hash key: "
          "{}, "
          "table hash key: {}",
          index.name, index.partition_key.name, schema.partition_key.name);
    QUIPU_CHECK(add_index(schema, std::move(index)));
  }
  if (list->elements().size() > local_indexes_max)
    return invalid_values("Number of LocalSecondaryIndexes exceeds per-table limit of {}", local_indexes_max);
  return {};
}

Answer<> read_global_indexes(const JsonNode& input, const Definitions& definitions, bool on_demand,
                             TableSchema& schema) {
  const JsonNode* list = input.find("GlobalSecondaryIndexes");
  if (list == nullptr) return {};
  if (list->elements().empty()) return invalid_values("List of GlobalSecondaryIndexes is empty");
  for (const JsonNode& node : list->elements()) {
    QUIPU_TRY(IndexSchema index, read_global_index(node, definitions, on_demand));
    QUIPU_CHECK(add_index(schema, std::move(index)));
  }
  if (list->elements().size() > global_indexes_max)
    return invalid_values("GlobalSecondaryIndex count exceeds the per-table limit of {}", global_indexes_max);
  return {};
}

Answer<> check_all_used(const Definitions& definitions, const TableSchema& schema) {
  std::vector<std::string> used;
  for (const KeyAttribute& attribute : schema.key_attributes()) used.push_back(attribute.name);
  if (used.size() == definitions.all().size()) return {};
  if (schema.indexes.empty())
    return invalid_values(
        "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions");
  return invalid_values("Some AttributeDefinitions are not used. AttributeDefinitions: {}, keys used: {}",
                        listed(definitions.names()), listed(used));
}

Answer<> read_billing(const JsonNode& input, TableSettings& settings, std::int64_t now_ms) {
  settings.on_demand = string_member_or(input, "BillingMode", {}) == "PAY_PER_REQUEST";
  const JsonNode* throughput = input.find("ProvisionedThroughput");
  if (settings.on_demand) {
    if (throughput != nullptr)
      return invalid_values(
          "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
    settings.on_demand_since_ms = now_ms;
    return {};
  }
  if (throughput == nullptr)
    return invalid_values(
        "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
        "PROVISIONED");
  QUIPU_TRY(settings.throughput, read_throughput_of(*throughput));
  return {};
}

}  // namespace

Answer<Definitions> Definitions::read(const JsonNode& input) {
  Definitions definitions;
  const JsonNode* list = input.find("AttributeDefinitions");
  if (list == nullptr) return definitions;
  for (const JsonNode& element : list->elements()) {
    KeyAttribute attribute{.name = std::string{string_member_or(element, "AttributeName", {})}};
    const std::string_view type = string_member_or(element, "AttributeType", {});
    attribute.type = type == "N"   ? table::KeyType::number
                     : type == "B" ? table::KeyType::binary
                                   : table::KeyType::string;
    if (definitions.find(attribute.name) != nullptr)
      return invalid_values("Cannot define attribute {} more than once", attribute.name);
    definitions.all_.push_back(std::move(attribute));
  }
  return definitions;
}

const KeyAttribute* Definitions::find(std::string_view name) const {
  const auto found = std::ranges::find(all_, name, &KeyAttribute::name);
  return found == all_.end() ? nullptr : &*found;
}

std::vector<std::string> Definitions::names() const {
  std::vector<std::string> names;
  for (const KeyAttribute& attribute : all_) names.push_back(attribute.name);
  return names;
}

Answer<Throughput> read_throughput_of(const JsonNode& node) {
  constexpr std::int64_t units_max = 1'000'000'000'000;
  const Throughput throughput{.read_units = integer_member_or(node, "ReadCapacityUnits", 0),
                              .write_units = integer_member_or(node, "WriteCapacityUnits", 0)};
  if (throughput.read_units > units_max)
    return validation("Given value {} for ReadCapacityUnits is out of bounds", throughput.read_units);
  if (throughput.write_units > units_max)
    return validation("Given value {} for WriteCapacityUnits is out of bounds", throughput.write_units);
  return throughput;
}

Answer<IndexSchema> read_global_index(const JsonNode& node, const Definitions& definitions, bool on_demand) {
  QUIPU_TRY(IndexSchema index, read_index(node, definitions, table::IndexKind::global));
  const JsonNode* throughput = node.find("ProvisionedThroughput");
  if (on_demand && throughput != nullptr)
    return invalid_values(
        "ProvisionedThroughput should not be specified for index: {} when BillingMode is PAY_PER_REQUEST", index.name);
  if (!on_demand && throughput == nullptr)
    return invalid_values("ProvisionedThroughput is not specified for index: {}", index.name);
  if (throughput != nullptr) {
    QUIPU_TRY(const Throughput read, read_throughput_of(*throughput));
    write_throughput(read, index);
  }
  return index;
}

Answer<std::optional<table::StreamView>> read_stream_view(const JsonNode& input) {
  const JsonNode* specification = input.find("StreamSpecification");
  if (specification == nullptr) return std::nullopt;
  const auto type = string_member(*specification, "StreamViewType");
  if (!boolean_member_or(*specification, "StreamEnabled", false)) {
    if (type) return invalid_values("StreamViewType cannot be specified when StreamEnabled is false");
    return table::StreamView::off;
  }
  if (!type) return invalid_values("StreamViewType must be specified when StreamEnabled is true");
  const auto view = parse_stream_view(*type);
  if (!view) return invalid_values("StreamViewType is unknown: {}", *type);
  return *view;
}

Answer<> read_tags(const JsonNode& list, std::map<std::string, std::string>& tags) {
  std::set<std::string_view> seen;
  for (const JsonNode& element : list.elements()) {
    const std::string_view key = string_member_or(element, "Key", {});
    const std::string_view value = string_member_or(element, "Value", {});
    if (key.empty() || utf16_units(key) > tag_key_length_max)
      return validation("One or more tags are invalid: a tag's key has 1 to {} characters", tag_key_length_max);
    if (utf16_units(value) > tag_value_length_max)
      return validation("One or more tags are invalid: a tag's value has at most {} characters", tag_value_length_max);
    if (!seen.insert(key).second) return invalid_values("Duplicate tag key: {}", key);
    if (key.starts_with("aws:"))
      return validation("One or more tags are invalid: tag keys that start with aws: are reserved");
    tags[std::string{key}] = value;
  }
  if (tags.size() > tags_max)
    return validation("One or more parameter values were invalid: Too many tags: {} are allowed", tags_max);
  return {};
}

Answer<TableSchema> read_create_table(const JsonNode& input, std::int64_t now_ms) {
  TableSettings settings{.table_id = new_uuid()};
  QUIPU_CHECK(read_billing(input, settings, now_ms));
  QUIPU_TRY(const Definitions definitions, Definitions::read(input));
  TableSchema schema{.name = std::string{string_member_or(input, "TableName", {})}};
  QUIPU_TRY(Key key, read_key_schema(input, definitions));
  schema.partition_key = std::move(key.partition);
  schema.sort_key = std::move(key.sort);
  QUIPU_CHECK(read_local_indexes(input, definitions, schema));
  QUIPU_CHECK(read_global_indexes(input, definitions, settings.on_demand, schema));
  QUIPU_CHECK(check_all_used(definitions, schema));
  QUIPU_TRY(const auto view, read_stream_view(input));
  schema.stream_view = view.value_or(table::StreamView::off);
  settings.definitions = definitions.names();
  settings.deletion_protection = boolean_member_or(input, "DeletionProtectionEnabled", false);
  settings.table_class = string_member_or(input, "TableClass", {});
  if (const JsonNode* tags = input.find("Tags")) QUIPU_CHECK(read_tags(*tags, settings.tags));
  write_settings(settings, schema);
  return schema;
}

}  // namespace quipu::aws
