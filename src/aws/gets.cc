#include "aws/gets.h"

#include "aws/item_rules.h"
#include "aws/json_members.h"
#include "aws/request_parts.h"
#include "table/key_codec.h"

namespace quipu::aws {

namespace {

constexpr ExpressionParameters get_parameters{
    .expressions = {"ProjectionExpression"}, .others = {"AttributesToGet"}, .with_values = {}};

}  // namespace

const value::Item* Get::shown(const value::Item& item, value::Item& picked) const {
  if (projection == nullptr) return &item;
  picked.clear();
  projection->apply(item, picked);
  return &picked;
}

Answer<std::shared_ptr<const expression::Projection>> read_projection_of(const JsonNode& input) {
  QUIPU_TRY(auto placeholders, read_placeholders(input, get_parameters));
  QUIPU_TRY(auto projection, read_projection(input, placeholders));
  QUIPU_API_CHECK(placeholders.check_all_used());
  if (!projection) return nullptr;
  return std::make_shared<const expression::Projection>(*std::move(projection));
}

Consistency read_consistency(const JsonNode& input) {
  return boolean_member_or(input, "ConsistentRead", false) ? Consistency::strong : Consistency::eventual;
}

Answer<> bind_get(const Call& call, std::string_view table, Get& get) {
  QUIPU_TRY(get.schema, call.find_table(table));
  QUIPU_CHECK(check_key(*get.schema, get.key));
  QUIPU_API_CHECK(table::key_codec::append_row_key(get.row_key, *get.schema, get.key));
  return {};
}

Answer<std::vector<std::optional<value::Item>>> read_all(const Context& context, const std::vector<Get>& gets) {
  std::vector<std::string> row_keys;
  for (const Get& get : gets) row_keys.push_back(get.row_key);
  std::vector<std::optional<value::Item>> items(gets.size());
  QUIPU_API_CHECK(context.tables.read_together(row_keys, [&](std::size_t index, const value::Item* item) {
    if (item == nullptr) return;
    items[index] = *item;
    for (const value::Attribute& attribute : gets[index].key) items[index]->set(attribute.name, attribute.value);
  }));
  // What was dropped while this waited for its turn may have lost some of its rows before they were looked for.
  for (const Get& get : gets)
    if (!context.tables.still_has(*get.schema)) return item_table_not_found();
  return items;
}

Answer<> check_no_duplicates(std::span<const Get> gets, std::string_view message) {
  for (std::size_t i = 0; i < gets.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (gets[i].key == gets[j].key) return refuse(ErrorType::validation, std::string{message});
  return {};
}

}  // namespace quipu::aws
