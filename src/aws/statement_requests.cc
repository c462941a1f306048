#include "aws/statement_requests.h"

#include <algorithm>
#include <utility>

#include "aws/attribute_json.h"
#include "aws/item_rules.h"
#include "aws/json_members.h"
#include "aws/partiql_keys.h"
#include "aws/table_name.h"
#include "aws/write_requests.h"
#include "table/key_codec.h"

namespace quipu::aws {

namespace {

using expression::Condition;
using expression::Function;
using expression::Kind;
using partiql::Statement;
using partiql::StatementKind;

Answer<> check_insert_key(const table::KeyAttribute& key, const value::Item& item) {
  const value::Value* const value = item.find(key.name);
  if (value == nullptr) return validation("Key attribute should be present in the item: Key {}", key.name);
  if (value::dynamodb_name(value->type()) != type_name(key.type))
    return validation("Key attribute's data type should match its data type in table's schema: Key {}", key.name);
  return {};
}

Answer<> bind_insert(Statement& statement, ItemWrite& write) {
  QUIPU_CHECK(check_insert_key(write.schema->partition_key, statement.item));
  if (write.schema->sort_key) QUIPU_CHECK(check_insert_key(*write.schema->sort_key, statement.item));
  if (statement.item.size_bytes() > item_bytes_max) return item_too_large();
  write.kind = WriteKind::put;
  write.item = std::move(statement.item);
  write.must_not_exist = true;
  return {};
}

// A DELETE of what is not there does nothing, whatever its condition: so says the service.
Condition or_is_not_there(const Condition& condition, const std::string& key_attribute) {
  expression::Tree tree = condition.tree();
  const expression::NodeIndex path = tree.add_path(key_attribute);
  const expression::NodeIndex absent =
      tree.add({.kind = Kind::call, .function = Function::attribute_not_exists, .first_child = path});
  const expression::NodeIndex root = tree.add_parent(Kind::disjunction, {absent, condition.root()});
  return Condition{std::move(tree), root};
}

}  // namespace

partiql::Parsed read_statement(const JsonNode& input) {
  std::vector<value::Value> parameters;
  if (const JsonNode* const list = input.find("Parameters"))
    for (const JsonNode& element : list->elements())
      if (auto read = read_value(element, parameters.emplace_back()); !read)
        return std::unexpected(partiql::ParseError{.error = std::move(read).error()});
  return partiql::parse_statement(string_member_or(input, "Statement", {}), parameters);
}

std::unexpected<ApiError> unsupported_operation(const Statement& statement) {
  return validation("Unsupported operation: {}", statement.operation);
}

Answer<std::shared_ptr<const table::TableSchema>> find_statement_table(const Call& call, const Statement& statement) {
  const std::string& name = statement.table;
  // The name alone: an ARN has characters that would need another rule.
  if (name.size() < table_name_bytes_min || name.size() > table_name_bytes_max || !matches_table_name_pattern(name))
    return validation(
        "Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', '_', '.'.");
  return call.find_table(name);
}

Answer<> check_key_is_whole(const table::TableSchema& schema, const std::vector<std::string>& nested) {
  for (const std::string& name : nested)
    if (name == schema.partition_key.name || (schema.sort_key && name == schema.sort_key->name))
      return validation(
          "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: {}", name);
  return {};
}

Answer<> bind_statement(Statement& statement, ItemWrite& write) {
  if (statement.kind == StatementKind::insert) return bind_insert(statement, write);
  const table::TableSchema& schema = *write.schema;
  QUIPU_TRY(auto single, partiql::single_key(schema, statement));
  if (!single) return validation("Where clause does not contain a mandatory equality on all key attributes");
  if (!single->conflicting.empty())
    return validation("Multiple conditions on same key {}. Only single item Update/Insert/Delete are supported",
                      single->conflicting);
  if (single->condition) QUIPU_CHECK(check_key_is_whole(schema, single->condition->nested_attributes()));
  write.key = std::move(single->key);
  write.condition = std::move(single->condition);
  write.return_values = statement.returning.value_or(ReturnValues::none);
  switch (statement.kind) {
    case StatementKind::erase:
      write.kind = WriteKind::erase;
      if (write.condition) write.condition = or_is_not_there(*write.condition, schema.partition_key.name);
      return {};
    case StatementKind::exists:
      write.kind = WriteKind::check;
      write.must_exist = true;
      return {};
    default: break;
  }
  write.kind = WriteKind::update;
  write.must_exist = true;
  write.update.emplace(std::move(statement.change), std::move(statement.actions),
                       expression::Update::Dialect::expression);
  return {};
}

std::optional<value::Item> returned_item(const ItemWrite& write) {
  // Unlike UPDATED_OLD and UPDATED_NEW, the service shows the whole of each attribute that was modified in parts.
  const auto modified = [&](const std::optional<value::Item>& from) -> std::optional<value::Item> {
    if (!from || !write.update) return std::nullopt;
    value::Item parts;
    write.update->pick_updated(*from, parts);
    if (parts.empty()) return std::nullopt;
    value::Item whole;
    for (const value::Attribute& part : parts) whole.set(part.name, *from->find(part.name));
    return whole;
  };
  switch (write.return_values) {
    case ReturnValues::none: return std::nullopt;
    case ReturnValues::all_old: return write.old_item;
    case ReturnValues::all_new: return write.new_item;
    case ReturnValues::updated_old: return modified(write.old_item);
    case ReturnValues::updated_new: return modified(write.new_item);
  }
  return std::nullopt;
}

Answer<std::optional<StatementGet>> bind_single_select(const table::TableSchema& schema, Statement& statement) {
  QUIPU_TRY(auto single, partiql::single_key(schema, statement));
  if (!statement.index.empty() || !single || single->condition || !single->conflicting.empty()) return std::nullopt;
  StatementGet found;
  found.selection = {std::move(statement.selected), std::move(statement.paths)};
  QUIPU_CHECK(check_key_is_whole(schema, found.selection.nested_attributes()));
  found.get.key = std::move(single->key);
  QUIPU_CHECK(check_key(schema, found.get.key));
  QUIPU_API_CHECK(table::key_codec::append_row_key(found.get.row_key, schema, found.get.key));
  return found;
}

}  // namespace quipu::aws
