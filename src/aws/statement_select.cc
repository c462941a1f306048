#include "aws/statement_select.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "aws/attribute_json.h"
#include "aws/item_rules.h"
#include "aws/json_members.h"
#include "aws/partiql_keys.h"
#include "aws/statement_requests.h"
#include "aws/statement_token.h"
#include "aws/write_answers.h"

namespace quipu::aws {

namespace {

using partiql::Statement;

const table::KeyAttribute& partition_key(const Walk& walk) {
  return walk.index != nullptr ? walk.index->partition_key : walk.schema->partition_key;
}

// A local index can look into the table for what it does not have; a global one shows only what it has.
Answer<> choose_attributes(StatementWalk& plan) {
  Walk& walk = plan.walk;
  QUIPU_CHECK(check_key_is_whole(*walk.schema, plan.selection.nested_attributes()));
  if (walk.filter) QUIPU_CHECK(check_key_is_whole(*walk.schema, walk.filter->nested_attributes()));
  const std::vector<std::string> shown = plan.selection.attributes();
  if (!shown.empty()) walk.projection = expression::Projection::of_attributes(shown);
  if (walk.index == nullptr) return {};
  const auto missing_of = [&](const std::vector<std::string>& names) {
    std::vector<std::string> missing;
    for (const std::string& name : names)
      if (!index_has(walk, name)) missing.push_back(name);
    return missing;
  };
  const bool local = walk.index->kind == table::IndexKind::local;
  const std::vector<std::string> missing = missing_of(shown);
  if (!missing.empty() && !local)
    return invalid_values("Global secondary index {} does not project [{}]", walk.index->name,
                          fmt::join(missing, ", "));
  walk.shows_whole_items = !missing.empty();
  walk.filters_whole_items = local && walk.filter && !missing_of(walk.filter->attributes()).empty();
  return {};
}

Answer<> check_order(const Statement& statement, const Walk& walk, const partiql::KeyBounds& bounds) {
  if (statement.order.empty()) return {};
  if (statement.where == expression::no_node)
    return validation("Must have WHERE clause in the statement when using ORDER BY clause.");
  if (bounds.partitions.empty())
    return validation(
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.");
  const auto& sort = sort_key(walk);
  for (const partiql::Order& order : statement.order)
    if (order.attribute != partition_key(walk).name && !(sort && order.attribute == sort->name))
      return validation("Variable reference {} in ORDER BY clause must be part of the primary key", order.attribute);
  return {};
}

void sort_partitions(const Statement& statement, Walk& walk, std::vector<value::Value>& partitions) {
  const auto& sort = sort_key(walk);
  for (const partiql::Order& order : statement.order) {
    if (sort && order.attribute == sort->name) {
      if (order.descending) walk.direction = table::Tables::Direction::backward;
      continue;
    }
    std::ranges::sort(partitions, [&](const value::Value& a, const value::Value& b) {
      const auto comparison = compare(a, b);  // key values of one type: there always is an order
      return order.descending ? *comparison > 0 : *comparison < 0;
    });
  }
}

Answer<> choose_runs(const Statement& statement, const partiql::KeyBounds& bounds, StatementWalk& plan) {
  Walk& walk = plan.walk;
  std::vector<value::Value> partitions = bounds.partitions;
  sort_partitions(statement, walk, partitions);
  if (partitions.empty())
    plan.runs.push_back({.range = table::whole_range(*walk.schema, walk.index), .partition_prefix = {}});
  for (const value::Value& partition : partitions) {
    QUIPU_API_TRY(table::KeyRange rows, table::partition_range(*walk.schema, walk.index, partition, {}));
    QUIPU_API_TRY(table::KeyRange range, table::partition_range(*walk.schema, walk.index, partition, bounds.sort));
    plan.runs.push_back({.range = std::move(range), .partition_prefix = std::move(rows.first)});
  }
  return {};
}

void enter_run(StatementWalk& plan, std::size_t run) {
  plan.run = run;
  plan.walk.range = plan.runs[run].range;
  plan.walk.partition_prefix = plan.runs[run].partition_prefix;
}

Answer<> choose_start(const JsonNode& input, StatementWalk& plan) {
  enter_run(plan, 0);
  const auto text = string_member(input, "NextToken");
  if (!text) return {};
  QUIPU_TRY(const StatementToken token, decode_token(*text, plan.statement));
  if (token.range >= plan.runs.size()) return validation("Invalid NextToken");
  enter_run(plan, token.range);
  if (!token.key) return {};
  const Walk& walk = plan.walk;
  const value::Item& key = *token.key;
  const value::Item known = walk.index != nullptr ? key_of(*walk.schema, *walk.index, key) : key_of(*walk.schema, key);
  if (known.size() != key.size()) return validation("Invalid NextToken");
  QUIPU_CHECK(check_key(*walk.schema, key_of(*walk.schema, key)));
  return start_after(plan.walk, key);
}

// --- the answer

// What a page cost. Pages do not say it but in an answer's words.
double units_of(const Page& page) {
  std::string text;
  JsonWriter json{text};
  json.begin_object();
  page.capacity.append(json, ReturnCapacity::total);
  json.end_object();
  JsonTree tree;
  const auto root = tree.parse(text);
  const JsonNode* const consumed = root ? (*root)->find("ConsumedCapacity") : nullptr;
  const JsonNode* const units = consumed != nullptr ? consumed->find("CapacityUnits") : nullptr;
  double value = 0;
  if (units != nullptr) std::from_chars(units->text().data(), units->text().data() + units->text().size(), value);
  return value;
}

// Appends the items of a page, as the statement shows them. The walk has left only the attributes that it names.
Answer<> append_items(std::string& items, const Page& page, const partiql::Selection& selection) {
  const std::string_view inner = std::string_view{page.items_json}.substr(1, page.items_json.size() - 2);
  if (inner.empty()) return {};
  if (selection.is_flat()) {
    if (!items.empty()) items += ',';
    items += inner;
    return {};
  }
  JsonTree tree;
  QUIPU_API_TRY(const JsonNode* root, tree.parse(page.items_json));
  for (const JsonNode& element : root->elements()) {
    value::Item item;
    QUIPU_CHECK(read_item(element, item));
    if (!items.empty()) items += ',';
    append_item(items, selection.shown(item));
  }
  return {};
}

void write_answer(const StatementWalk& plan, const std::string& items, const std::optional<StatementToken>& next,
                  double units, std::string& body) {
  const Walk& walk = plan.walk;
  body.clear();
  JsonWriter json{body};
  json.begin_object();
  json.member("Items").raw_value("[" + items + "]");
  if (next) {
    json.member("NextToken").string(encode_token(*next, plan.statement));
    if (next->key) append_item_member(json, "LastEvaluatedKey", *next->key);
  }
  Capacity capacity;
  TableCapacity& of_table = capacity.of(walk.schema->name);
  walk.index != nullptr ? of_table.add_read(*walk.index, units) : of_table.add_read(units);
  capacity.append(json, walk.return_capacity);
  json.end_object();
}

}  // namespace

Answer<StatementWalk> plan_select(const Call& call, Statement& statement) {
  const JsonNode& input = *call.input;
  StatementWalk plan;
  Walk& walk = plan.walk;
  walk.limit = integer_member(input, "Limit");
  walk.consistency = read_consistency(input);
  walk.return_capacity = parse_return_capacity(string_member_or(input, "ReturnConsumedCapacity", {}));
  plan.statement = string_member_or(input, "Statement", {});
  QUIPU_TRY(walk.schema, find_statement_table(call, statement));
  QUIPU_CHECK(choose_index(walk, statement.index));
  QUIPU_TRY(auto bounds, partiql::key_bounds(*walk.schema, walk.index, statement));
  walk.filter = std::move(bounds.filter);
  plan.selection = {std::move(statement.selected), std::move(statement.paths)};
  QUIPU_CHECK(choose_attributes(plan));
  QUIPU_CHECK(check_order(statement, walk, bounds));
  QUIPU_CHECK(choose_runs(statement, bounds, plan));
  QUIPU_CHECK(choose_start(input, plan));
  return plan;
}

Answer<> answer_select(StatementWalk& plan, const table::Tables& tables, std::string& body) {
  Walk& walk = plan.walk;
  std::string items;
  double units = 0;
  std::optional<StatementToken> next;
  for (;;) {
    QUIPU_TRY(const Page page, walk_page(walk, tables));
    QUIPU_CHECK(append_items(items, page, plan.selection));
    if (walk.return_capacity != ReturnCapacity::none) units += units_of(page);
    if (walk.limit) *walk.limit -= page.scanned;
    if (page.last_key) {
      next = {.range = static_cast<std::uint32_t>(plan.run), .key = page.last_key};
      break;
    }
    if (plan.run + 1 == plan.runs.size()) break;
    enter_run(plan, plan.run + 1);
    // Each run is a page of its own to the walk; together they must not be much more than one.
    if (items.size() >= page_bytes_max) {
      next = {.range = static_cast<std::uint32_t>(plan.run), .key = std::nullopt};
      break;
    }
  }
  write_answer(plan, items, next, units, body);
  return {};
}

}  // namespace quipu::aws
