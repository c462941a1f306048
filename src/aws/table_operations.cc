// CreateTable, DescribeTable, ListTables, DeleteTable.
#include "aws/table_operations.h"

#include <algorithm>

#include "aws/json_members.h"
#include "aws/table_description.h"
#include "aws/table_name.h"
#include "aws/table_requests.h"

namespace quipu::aws {

namespace {

constexpr std::int64_t list_tables_max = 100;

Answer<> answer_table(Call& call, std::string_view member, const table::TableSchema& schema, std::string_view status) {
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member(member);
  QUIPU_CHECK(append_table_description(json, call.context, schema, status));
  json.end_object();
  return {};
}

// What the table part is told of an answer that it does not know.
Result<> keep_refusal(Answer<> answer, std::optional<ApiError>& refusal) {
  if (answer) return {};
  refusal = std::move(answer).error();
  return fail(ErrorCode::conflict, "refused");
}

}  // namespace

bool is_being_copied(const table::Tables& tables, std::string_view table) {
  return std::ranges::any_of(tables.list(), [&](const auto& schema) {
    return schema->filling == table::Filling::under_way && schema->source == table;
  });
}

bool is_user_table(const table::TableSchema& schema) {
  return !schema.system;
}

Answer<std::shared_ptr<const table::TableSchema>> edit_table(
    table::Tables& tables, std::string name,
    std::move_only_function<Answer<>(std::optional<table::TableSchema>&)> edit) {
  std::optional<ApiError> refusal;
  auto edited = tables.edit(std::move(name), [&](std::optional<table::TableSchema>& schema) -> Result<> {
    return keep_refusal(edit(schema), refusal);
  });
  if (refusal) return std::unexpected(*std::move(refusal));
  if (!edited) return std::unexpected(to_api_error(std::move(edited).error()));
  return *std::move(edited);
}

Answer<> drop_table(table::Tables& tables, std::string name,
                    std::move_only_function<Answer<>(const std::optional<table::TableSchema>&)> check) {
  std::optional<ApiError> refusal;
  auto dropped = tables.drop(std::move(name), [&](const std::optional<table::TableSchema>& schema) -> Result<> {
    return keep_refusal(check(schema), refusal);
  });
  if (refusal) return std::unexpected(*std::move(refusal));
  if (!dropped) return std::unexpected(to_api_error(std::move(dropped).error()));
  return {};
}

Answer<> begin_create_table(Call& call) {
  QUIPU_TRY(auto schema, read_create_table(*call.input, call.context.clock.wall_ms()));
  return call.run_on_worker([schema = std::move(schema)](Call& on_worker) mutable -> Answer<> {
    std::string name = schema.name;
    QUIPU_TRY(const auto made, edit_table(on_worker.context.tables, std::move(name), [&](auto& found) -> Answer<> {
                if (found) return table_resource_in_use(found->name);
                found = std::move(schema);
                return {};
              }));
    return answer_table(on_worker, "TableDescription", *made, "CREATING");
  });
}

Answer<> begin_describe_table(Call& call) {
  QUIPU_TRY(const std::string_view name, checked_table_name(string_member_or(*call.input, "TableName", {})));
  return call.run_on_worker([name](Call& on_worker) -> Answer<> {
    const auto schema = on_worker.context.tables.find(name);
    if (schema == nullptr || !is_user_table(*schema)) return table_resource_not_found(name);
    return answer_table(on_worker, "Table", *schema, {});
  });
}

Answer<> begin_list_tables(Call& call) {
  const JsonNode& input = *call.input;
  const auto after = string_member(input, "ExclusiveStartTableName");
  const std::int64_t limit = integer_member_or(input, "Limit", list_tables_max);
  std::vector<std::string> names;
  for (const auto& schema : call.context.tables.list())
    if (is_user_table(*schema) && (!after || schema->name > *after)) names.push_back(schema->name);
  const bool more = names.size() > static_cast<std::size_t>(limit);
  if (more) names.resize(static_cast<std::size_t>(limit));
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("TableNames").begin_array();
  for (const std::string& name : names) json.string(name);
  json.end_array();
  if (more) json.member("LastEvaluatedTableName").string(names.back());
  json.end_object();
  return {};
}

Answer<> begin_delete_table(Call& call) {
  QUIPU_TRY(const std::string_view name, checked_table_name(string_member_or(*call.input, "TableName", {})));
  return call.run_on_worker([name](Call& on_worker) -> Answer<> {
    const auto schema = on_worker.context.tables.find(name);
    if (schema == nullptr || !is_user_table(*schema)) return table_resource_not_found(name);
    QUIPU_CHECK(answer_table(on_worker, "TableDescription", *schema, "DELETING"));
    return drop_table(on_worker.context.tables, std::string{name}, [&](const auto& found) -> Answer<> {
      if (!found || !is_user_table(*found)) return table_resource_not_found(name);
      // A backup that was promised reads the table until it is whole.
      if (is_being_copied(on_worker.context.tables, name))
        return refuse(
            ErrorType::resource_in_use,
            fmt::format("Attempt to change a resource which is still in use: Table is being backed up: {}", name));
      if (found->name == on_worker.context.owned_table)
        return refuse(ErrorType::resource_in_use, fmt::format("The table {} belongs to the counter API", found->name));
      if (read_settings(*found).deletion_protection)
        return validation(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection "
            "first.");
      return {};
    });
  });
}

}  // namespace quipu::aws
