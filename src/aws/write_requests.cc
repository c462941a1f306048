#include "aws/write_requests.h"

#include "aws/item_rules.h"
#include "aws/json_members.h"
#include "aws/legacy_parameters.h"
#include "aws/request_parts.h"

namespace quipu::aws {

namespace {

constexpr ExpressionParameters put_parameters{.expressions = {"ConditionExpression"},
                                              .others = {"Expected", "ConditionalOperator"},
                                              .with_values = {"ConditionExpression"}};
constexpr ExpressionParameters update_parameters{.expressions = {"UpdateExpression", "ConditionExpression"},
                                                 .others = {"AttributeUpdates", "Expected", "ConditionalOperator"},
                                                 .with_values = {"UpdateExpression", "ConditionExpression"}};

ReturnValues parse_return_values(std::string_view text) {
  if (text == "ALL_OLD") return ReturnValues::all_old;
  if (text == "UPDATED_OLD") return ReturnValues::updated_old;
  if (text == "ALL_NEW") return ReturnValues::all_new;
  if (text == "UPDATED_NEW") return ReturnValues::updated_new;
  return ReturnValues::none;
}

Answer<> read_return_values(const JsonNode& input, ItemWrite& write) {
  write.return_values = parse_return_values(string_member_or(input, "ReturnValues", {}));
  if (write.kind != WriteKind::update && write.return_values != ReturnValues::none &&
      write.return_values != ReturnValues::all_old)
    return validation("ReturnValues can only be ALL_OLD or NONE");
  write.return_old_on_failure = string_member_or(input, "ReturnValuesOnConditionCheckFailure", {}) == "ALL_OLD";
  return {};
}

Answer<> read_condition_of(const JsonNode& input, expression::Placeholders& placeholders, ItemWrite& write) {
  QUIPU_TRY(write.condition, read_expected(input));
  if (write.condition) return {};
  QUIPU_TRY(write.condition, read_condition(input, "ConditionExpression", placeholders));
  return {};
}

Answer<> bind_update(ItemWrite& write) {
  if (!write.update) return {};
  for (const std::string& name : write.update->attributes())
    if (write.key.find(name) != nullptr)
      return invalid_values("Cannot update attribute {}. This attribute is part of the key", name);
  return {};
}

}  // namespace

Answer<> read_put(const JsonNode& input, ItemWrite& write) {
  write.kind = WriteKind::put;
  QUIPU_TRY(auto placeholders, read_placeholders(input, put_parameters));
  QUIPU_TRY(write.item, item_member(input, "Item"));
  QUIPU_CHECK(read_return_values(input, write));
  if (write.item.size_bytes() > item_bytes_max) return item_too_large();
  QUIPU_CHECK(read_condition_of(input, placeholders, write));
  QUIPU_API_CHECK(placeholders.check_all_used());
  return {};
}

Answer<> read_update(const JsonNode& input, ItemWrite& write) {
  write.kind = WriteKind::update;
  QUIPU_TRY(auto placeholders, read_placeholders(input, update_parameters));
  QUIPU_TRY(write.key, item_member(input, "Key"));
  QUIPU_CHECK(read_return_values(input, write));
  if (const JsonNode* text = input.find("UpdateExpression")) {
    QUIPU_API_TRY(write.update, expression::Update::parse(text->text(), placeholders));
  } else {
    QUIPU_TRY(write.update, read_attribute_updates(input));
  }
  QUIPU_CHECK(read_condition_of(input, placeholders, write));
  QUIPU_API_CHECK(placeholders.check_all_used());
  return {};
}

Answer<> read_delete(const JsonNode& input, ItemWrite& write) {
  write.kind = WriteKind::erase;
  QUIPU_TRY(auto placeholders, read_placeholders(input, put_parameters));
  QUIPU_TRY(write.key, item_member(input, "Key"));
  QUIPU_CHECK(read_return_values(input, write));
  QUIPU_CHECK(read_condition_of(input, placeholders, write));
  QUIPU_API_CHECK(placeholders.check_all_used());
  return {};
}

Answer<> read_condition_check(const JsonNode& input, ItemWrite& write) {
  QUIPU_CHECK(read_delete(input, write));
  write.kind = WriteKind::check;
  return {};
}

Answer<> bind_write(const Call& call, std::string_view table_name, ItemWrite& write) {
  QUIPU_CHECK(bind_table(call, table_name, write));
  return bind_item(write);
}

Answer<> bind_table(const Call& call, std::string_view table_name, ItemWrite& write) {
  QUIPU_TRY(write.schema, call.find_table(table_name));
  return {};
}

Answer<> bind_item(ItemWrite& write) {
  if (write.kind == WriteKind::put) {
    QUIPU_CHECK(check_put_item(*write.schema, write.item));
    write.key = key_of(*write.schema, write.item);
    for (const value::Attribute& attribute : write.key) write.item.erase(attribute.name);
    return {};
  }
  QUIPU_CHECK(check_key(*write.schema, write.key));
  return bind_update(write);
}

}  // namespace quipu::aws
