// Time to live, tags, limits, endpoints.
#include "aws/json_members.h"
#include "aws/table_description.h"
#include "aws/table_name.h"
#include "aws/table_operations.h"
#include "aws/table_requests.h"

namespace quipu::aws {

namespace {

// The table that ResourceArn names, as the operations on tags want it.
Answer<std::string> table_of_resource(const Call& call) {
  const std::string_view arn = string_member_or(*call.input, "ResourceArn", {});
  const std::string_view name = table_name_in_arn(arn);
  const std::string_view below = name.empty() ? std::string_view{} : std::string_view{name.end(), arn.end()};
  if (below.starts_with("/index/"))
    return invalid_values("Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {}",
                          arn);
  if (below.starts_with("/backup/")) return invalid_values("Provided Arn is not a DynamoDB resource arn: {}", arn);
  if (name.empty() || !below.empty())
    return validation("Invalid TableArn: Invalid ResourceArn provided as input {}", arn);
  const auto schema = call.context.tables.find(name);
  if (schema == nullptr || !is_user_table(*schema))
    return refuse(ErrorType::resource_not_found,
                  fmt::format("Requested resource not found: ResourcArn: {} not found", arn));
  return std::string{name};
}

std::unexpected<ApiError> missing_list(std::string_view member) {
  return validation(
      "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null", member);
}

Answer<> change_tags(Call& call, std::string name,
                     std::move_only_function<Answer<>(std::map<std::string, std::string>& tags)> change) {
  return call.run_on_worker([name = std::move(name), change = std::move(change)](Call& on_worker) mutable -> Answer<> {
    const auto edited = edit_table(on_worker.context.tables, name, [&](auto& found) -> Answer<> {
      if (!found) return table_resource_not_found(name);
      TableSettings settings = read_settings(*found);
      QUIPU_CHECK(change(settings.tags));
      write_settings(settings, *found);
      return {};
    });
    if (!edited) return std::unexpected(edited.error());
    on_worker.body.clear();
    return {};
  });
}

}  // namespace

Answer<> begin_update_time_to_live(Call& call) {
  const JsonNode& input = *call.input;
  QUIPU_TRY(const std::string_view name, checked_table_name(string_member_or(input, "TableName", {})));
  const JsonNode& specification = *input.find("TimeToLiveSpecification");
  const bool enable = boolean_member_or(specification, "Enabled", false);
  const std::string attribute{string_member_or(specification, "AttributeName", {})};
  if (attribute.empty()) return validation("TimeToLiveSpecification.AttributeName must be non empty");
  return call.run_on_worker([name, enable, attribute](Call& on_worker) -> Answer<> {
    QUIPU_CHECK(edit_table(on_worker.context.tables, std::string{name}, [&](auto& found) -> Answer<> {
      if (!found || !is_user_table(*found)) return table_resource_not_found(name);
      if (enable) {
        if (found->expiry) return validation("TimeToLive is already enabled");
        found->expiry = table::ExpirySchema{.attribute = attribute, .filling = table::Filling::under_way};
        return {};
      }
      if (!found->expiry) return validation("TimeToLive is already disabled");
      if (found->expiry->attribute != attribute)
        return validation("TimeToLive is active on a different AttributeName: current AttributeName is {}",
                          found->expiry->attribute);
      found->expiry.reset();
      return {};
    }));
    on_worker.body.clear();
    JsonWriter json{on_worker.body};
    json.begin_object().member("TimeToLiveSpecification").begin_object();
    json.member("Enabled").boolean(enable).member("AttributeName").string(attribute);
    json.end_object().end_object();
    return {};
  });
}

Answer<> begin_describe_time_to_live(Call& call) {
  QUIPU_TRY(const std::string_view name, checked_table_name(string_member_or(*call.input, "TableName", {})));
  const auto schema = call.context.tables.find(name);
  if (schema == nullptr || !is_user_table(*schema)) return table_resource_not_found(name);
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("TimeToLiveDescription").begin_object();
  json.member("TimeToLiveStatus").string(schema->expiry ? "ENABLED" : "DISABLED");
  if (schema->expiry) json.member("AttributeName").string(schema->expiry->attribute);
  json.end_object().end_object();
  return {};
}

Answer<> begin_tag_resource(Call& call) {
  const JsonNode* tags = call.input->find("Tags");
  if (tags == nullptr) return missing_list("tags");
  QUIPU_TRY(std::string name, table_of_resource(call));
  if (tags->elements().empty()) return validation("Atleast one Tag needs to be provided as Input.");
  return change_tags(call, std::move(name), [tags](auto& all) { return read_tags(*tags, all); });
}

Answer<> begin_untag_resource(Call& call) {
  const JsonNode* keys = call.input->find("TagKeys");
  if (keys == nullptr) return missing_list("tagKeys");
  QUIPU_TRY(std::string name, table_of_resource(call));
  if (keys->elements().empty()) return validation("Atleast one Tag Key needs to be provided as Input.");
  return change_tags(call, std::move(name), [keys](auto& all) -> Answer<> {
    for (const JsonNode& key : keys->elements()) all.erase(std::string{key.text()});
    return {};
  });
}

Answer<> begin_list_tags_of_resource(Call& call) {
  QUIPU_TRY(const std::string name, table_of_resource(call));
  const auto schema = call.context.tables.find(name);
  if (schema == nullptr) return table_resource_not_found(name);
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("Tags").begin_array();
  for (const auto& [key, value] : read_settings(*schema).tags)
    json.begin_object().member("Key").string(key).member("Value").string(value).end_object();
  json.end_array().end_object();
  return {};
}

Answer<> begin_describe_limits(Call& call) {
  constexpr std::int64_t account_units_max = 80'000;
  constexpr std::int64_t table_units_max = 40'000;
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object();
  json.member("AccountMaxReadCapacityUnits").int64(account_units_max);
  json.member("AccountMaxWriteCapacityUnits").int64(account_units_max);
  json.member("TableMaxReadCapacityUnits").int64(table_units_max);
  json.member("TableMaxWriteCapacityUnits").int64(table_units_max);
  json.end_object();
  return {};
}

Answer<> begin_describe_endpoints(Call& call) {
  constexpr std::int64_t cache_minutes = 1440;
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("Endpoints").begin_array().begin_object();
  json.member("Address").string(call.host).member("CachePeriodInMinutes").int64(cache_minutes);
  json.end_object().end_array().end_object();
  return {};
}

}  // namespace quipu::aws
