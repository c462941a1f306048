// Query and Scan: from a request to a Walk.
#include "aws/query.h"

#include <fmt/ranges.h>
#include <algorithm>

#include "aws/item_rules.h"
#include "aws/json_members.h"
#include "aws/legacy_parameters.h"
#include "aws/request_parts.h"
#include "expression/key_condition.h"

namespace quipu::aws {

namespace {

constexpr ExpressionParameters query_parameters{
    .expressions = {"ProjectionExpression", "FilterExpression", "KeyConditionExpression"},
    .others = {"AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"},
    .with_values = {"FilterExpression", "KeyConditionExpression"}};
// KeyConditions may stand beside a ProjectionExpression or FilterExpression.
constexpr ExpressionParameters query_parameters_with_key_conditions{
    .expressions = {"ProjectionExpression", "FilterExpression"},
    .others = {"AttributesToGet", "QueryFilter", "ConditionalOperator"},
    .with_values = {"FilterExpression", "KeyConditionExpression"}};
constexpr ExpressionParameters scan_parameters{.expressions = {"ProjectionExpression", "FilterExpression"},
                                               .others = {"AttributesToGet", "ScanFilter", "ConditionalOperator"},
                                               .with_values = {"FilterExpression"}};

enum class Kind : std::uint8_t { query, scan };

// What is read before the table is looked at.
struct Request {
  Kind kind;
  Walk walk;
  value::Item start;
  bool has_start = false;
  std::optional<expression::KeyCondition> key_condition;
  bool filter_is_expression = false;
  bool has_projection_expression = false;
  std::string_view table;
  std::string_view index;
  std::string_view select;
};

Answer<> read_expressions(const JsonNode& input, Request& request) {
  const bool is_query = request.kind == Kind::query;
  const bool key_conditions = input.find("KeyConditions") != nullptr && input.find("KeyConditionExpression") == nullptr;
  QUIPU_TRY(auto placeholders, read_placeholders(input, !is_query        ? scan_parameters
                                                        : key_conditions ? query_parameters_with_key_conditions
                                                                         : query_parameters));
  QUIPU_TRY(request.walk.filter, read_filter(input, is_query ? "QueryFilter" : "ScanFilter"));
  if (is_query) {
    QUIPU_TRY(request.key_condition, read_key_conditions(input));
  }
  if (!request.walk.filter) {
    QUIPU_TRY(request.walk.filter, read_condition(input, "FilterExpression", placeholders));
    request.filter_is_expression = request.walk.filter.has_value();
  }
  QUIPU_TRY(request.walk.projection, read_projection(input, placeholders));
  request.has_projection_expression = input.find("ProjectionExpression") != nullptr;
  if (const JsonNode* text = is_query ? input.find("KeyConditionExpression") : nullptr) {
    QUIPU_API_TRY(request.key_condition, expression::KeyCondition::parse(text->text(), placeholders));
  }
  QUIPU_API_CHECK(placeholders.check_all_used());
  if (is_query && !request.key_condition)
    return validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
  return {};
}

Answer<> read_segment(const JsonNode& input, Segment& segment) {
  const auto number = integer_member(input, "Segment");
  const auto total = integer_member(input, "TotalSegments");
  if (!number && !total) return {};
  if (!number)
    return validation(
        "The Segment parameter is required but was not present in the request when parameter "
        "TotalSegments is present");
  if (!total)
    return validation(
        "The TotalSegments parameter is required but was not present in the request when Segment "
        "parameter is present");
  if (*number >= *total)
    return validation(
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {} is "
        "not less than TotalSegments: {}",
        *number, *total);
  segment = {.number = static_cast<std::uint64_t>(*number), .total = static_cast<std::uint64_t>(*total)};
  return {};
}

Answer<Request> read_request(const JsonNode& input, Kind kind) {
  Request request{.kind = kind};
  Walk& walk = request.walk;
  request.has_start = input.find("ExclusiveStartKey") != nullptr;
  QUIPU_TRY(request.start, item_member(input, "ExclusiveStartKey", "The provided starting key is invalid: "));
  QUIPU_CHECK(read_expressions(input, request));
  if (kind == Kind::scan) QUIPU_CHECK(read_segment(input, walk.segment));
  walk.limit = integer_member(input, "Limit");
  walk.consistency = boolean_member_or(input, "ConsistentRead", false) ? Consistency::strong : Consistency::eventual;
  walk.return_capacity = parse_return_capacity(string_member_or(input, "ReturnConsumedCapacity", {}));
  if (kind == Kind::query && !boolean_member_or(input, "ScanIndexForward", true))
    walk.direction = table::Tables::Direction::backward;
  request.table = string_member_or(input, "TableName", {});
  request.index = string_member_or(input, "IndexName", {});
  request.select = string_member_or(input, "Select", {});
  return request;
}

// --- with the table

std::string_view partition_name(const Walk& walk) {
  return walk.index != nullptr ? walk.index->partition_key.name : walk.schema->partition_key.name;
}

// Which of the attributes the index does not have.
std::vector<std::string> missing_in_index(const Walk& walk, const std::vector<std::string>& names) {
  std::vector<std::string> missing;
  for (const std::string& name : names)
    if (!index_has(walk, name)) missing.push_back(name);
  return missing;
}

// Of an index that does not have everything. A local one can look into the table, a global one cannot; but what a
// query's filter names must be in either.
Answer<> choose_attributes(Kind kind, Walk& walk) {
  const bool local = walk.index->kind == table::IndexKind::local;
  if (walk.filter) {
    const auto missing = missing_in_index(walk, walk.filter->attributes());
    if (!missing.empty() && kind == Kind::query)
      return invalid_values("Secondary index {} does not project one or more filter attributes: [{}]", walk.index->name,
                            fmt::join(missing, ", "));
    walk.filters_whole_items = local && !missing.empty();
  }
  if (!walk.projection) return {};
  const auto missing = missing_in_index(walk, walk.projection->attributes());
  if (!missing.empty() && !local)
    return invalid_values("Global secondary index {} does not project [{}]", walk.index->name,
                          fmt::join(missing, ", "));
  walk.shows_whole_items = !missing.empty();
  return {};
}

Answer<> choose_select(Request& request) {
  Walk& walk = request.walk;
  const std::string_view select = request.select;
  const bool has_projection = walk.projection.has_value();
  if (select == "ALL_PROJECTED_ATTRIBUTES" && walk.index == nullptr)
    return validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  if (select == "SPECIFIC_ATTRIBUTES" && !has_projection)
    return validation(
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
  if (has_projection && !select.empty() && select != "SPECIFIC_ATTRIBUTES")
    return validation("Cannot specify the {} when choosing to get {}",
                      request.has_projection_expression ? "ProjectionExpression" : "AttributesToGet",
                      select == "COUNT" ? "only the Count" : select);
  if (select == "COUNT") walk.select = Select::count;
  if (walk.index == nullptr || walk.index->projection == table::IndexProjection::all) return {};

  const bool global = walk.index->kind == table::IndexKind::global;
  if (select == "ALL_ATTRIBUTES") {
    if (global)
      return invalid_values(
          "Select type ALL_ATTRIBUTES is not supported for global secondary index {} because its projection type is "
          "not ALL",
          walk.index->name);
    QUIPU_CHECK(choose_attributes(request.kind, walk));
    walk.shows_whole_items = true;
    return {};
  }
  return choose_attributes(request.kind, walk);
}

// A query's filter is for what the key condition cannot say.
Answer<> check_filter(const Request& request) {
  const Walk& walk = request.walk;
  if (request.kind != Kind::query || !walk.filter) return {};
  for (const std::string& name : walk.filter->attributes())
    if (name == partition_name(walk) || (sort_key(walk) && name == sort_key(walk)->name))
      return validation("{} can only contain non-primary key attributes: Primary key attribute: {}",
                        request.filter_is_expression ? "Filter Expression" : "QueryFilter", name);
  return {};
}

bool has_key_type(const value::Value& value, table::KeyType type) {
  return value::dynamodb_name(value.type()) == type_name(type);
}

Answer<> check_condition_value(const Walk& walk, const value::Value& value, const table::KeyAttribute& key) {
  if (!has_key_type(value, key.type)) return invalid_values("Condition parameter type does not match schema type");
  return walk.index != nullptr ? check_index_key_not_empty(*walk.index, key, value) : check_key_not_empty(key, value);
}

table::SortOperator sort_operator(expression::KeyCondition::SortOp op) {
  using Op = expression::KeyCondition::SortOp;
  switch (op) {
    case Op::none: return table::SortOperator::none;
    case Op::equal: return table::SortOperator::equal;
    case Op::less: return table::SortOperator::less;
    case Op::less_equal: return table::SortOperator::less_or_equal;
    case Op::greater: return table::SortOperator::greater;
    case Op::greater_equal: return table::SortOperator::greater_or_equal;
    case Op::between: return table::SortOperator::between;
    case Op::begins_with: return table::SortOperator::begins_with;
  }
  return table::SortOperator::none;
}

Answer<> choose_range(Request& request) {
  Walk& walk = request.walk;
  if (request.kind == Kind::scan) {
    walk.range = table::whole_range(*walk.schema, walk.index);
    return {};
  }
  const auto& sort = sort_key(walk);
  QUIPU_API_TRY(auto resolved,
                request.key_condition->resolve(partition_name(walk),
                                               sort ? std::optional<std::string_view>{sort->name} : std::nullopt));
  const table::KeyAttribute& partition = walk.index != nullptr ? walk.index->partition_key : walk.schema->partition_key;
  QUIPU_CHECK(check_condition_value(walk, resolved.partition, partition));
  using Op = expression::KeyCondition::SortOp;
  if (resolved.sort_op != Op::none) {
    QUIPU_CHECK(check_condition_value(walk, resolved.first, *sort));
    if (resolved.sort_op == Op::between) QUIPU_CHECK(check_condition_value(walk, resolved.second, *sort));
  }
  QUIPU_API_TRY(table::KeyRange partition_rows,
                table::partition_range(*walk.schema, walk.index, resolved.partition, {}));
  walk.partition_prefix = std::move(partition_rows.first);
  QUIPU_API_TRY(walk.range, table::partition_range(*walk.schema, walk.index, resolved.partition,
                                                   {.op = sort_operator(resolved.sort_op),
                                                    .first = std::move(resolved.first),
                                                    .second = std::move(resolved.second)}));
  return {};
}

Answer<> choose_start(Request& request) {
  if (!request.has_start) return {};
  Walk& walk = request.walk;
  const value::Item key =
      walk.index != nullptr ? key_of(*walk.schema, *walk.index, request.start) : key_of(*walk.schema, request.start);
  std::size_t wanted = walk.schema->sort_key ? 2 : 1;
  if (walk.index != nullptr) {
    value::Item names;
    for (const auto* attribute : {&walk.schema->partition_key, &walk.index->partition_key}) names.slot(attribute->name);
    if (walk.schema->sort_key) names.slot(walk.schema->sort_key->name);
    if (walk.index->sort_key) names.slot(walk.index->sort_key->name);
    wanted = names.size();
  }
  if (request.start.size() != wanted || key.size() != wanted) {
    if (walk.index == nullptr && request.kind == Kind::scan)
      return validation("The provided starting key is invalid: The provided key element does not match the schema");
    return validation("The provided starting key is invalid");
  }
  QUIPU_CHECK(check_key(*walk.schema, key_of(*walk.schema, key)));
  return start_after(walk, key);
}

Answer<> begin(Call& call, Kind kind) {
  QUIPU_TRY(Request request, read_request(*call.input, kind));
  QUIPU_TRY(request.walk.schema, call.find_table(request.table));
  QUIPU_CHECK(choose_index(request.walk, request.index));
  QUIPU_CHECK(choose_select(request));
  QUIPU_CHECK(choose_range(request));
  QUIPU_CHECK(check_filter(request));
  QUIPU_CHECK(choose_start(request));
  return call.run_on_worker([walk = std::move(request.walk)](Call& on_worker) {
    return answer_walk(walk, on_worker.context.tables, on_worker.body);
  });
}

}  // namespace

Answer<> begin_query(Call& call) {
  return begin(call, Kind::query);
}

Answer<> begin_scan(Call& call) {
  return begin(call, Kind::scan);
}

}  // namespace quipu::aws
