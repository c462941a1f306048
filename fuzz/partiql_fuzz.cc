// PartiQL statements: any text with a few parameters. Nothing breaks; what is accepted can be bound to a table, and its
// condition, update and selection can be asked about items; messages are text if the statement is.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/partiql_keys.h"
#include "aws/partiql_select.h"
#include "aws/partiql_statement.h"
#include "aws/statement_requests.h"
#include "aws/statement_token.h"
#include "base/assert.h"
#include "base/text.h"

namespace {

using quipu::aws::partiql::parse_statement;
using quipu::aws::partiql::Selection;
using quipu::aws::partiql::Statement;
using quipu::table::KeyType;
using quipu::table::TableSchema;
using quipu::value::Item;
using quipu::value::Value;

TableSchema schema() {
  TableSchema schema;
  schema.name = "ttt";
  schema.id = 7;
  schema.partition_key = {.name = "h", .type = KeyType::string};
  schema.sort_key = {.name = "r", .type = KeyType::number};
  schema.indexes.push_back({.name = "by_a",
                            .id = 8,
                            .partition_key = {.name = "a", .type = KeyType::string},
                            .sort_key = {},
                            .included = {},
                            .settings = {}});
  return schema;
}

Item sample() {
  Item inside;
  inside.set("k", Value::number(5));
  Item item;
  item.set("h", Value::string("x"));
  item.set("r", Value::number(1));
  item.set("a", Value::number(2));
  item.set("l", Value::list({Value::map(inside), Value::number(2), Value::list({Value::null()})}));
  item.set("m", Value::map(std::move(inside)));
  item.set("s", *Value::string_set({"a", "b"}));
  return item;
}

void check_select(const Statement& statement, const TableSchema& table) {
  for (const quipu::table::IndexSchema* const index :
       {static_cast<const quipu::table::IndexSchema*>(nullptr), &table.indexes.front()}) {
    Statement copy = statement;
    const auto bounds = quipu::aws::partiql::key_bounds(table, index, copy);
    if (!bounds) continue;
    if (bounds->filter) (void)bounds->filter->matches(sample());
    for (const Value& partition : bounds->partitions)
      (void)quipu::table::partition_range(table, index, partition, bounds->sort);
  }
  const Selection selection{statement.selected, statement.paths};
  QUIPU_ASSERT(!selection.shows_all() || selection.shown(sample()) == sample(), "{}", statement.table);
  (void)selection.shown(sample());
}

void check_write(Statement& statement, const TableSchema& table) {
  quipu::aws::ItemWrite write;
  write.schema = std::make_shared<const TableSchema>(table);
  if (!quipu::aws::bind_statement(statement, write)) return;
  if (write.condition) (void)write.condition->matches(sample());
  if (!write.update) return;
  Item item = sample();
  const bool applied = write.update->apply(item, quipu::aws::item_bytes_max).has_value();
  QUIPU_ASSERT(applied || item == sample(), "{}", statement.table);
  write.old_item = sample();
  write.new_item = std::move(item);
  (void)quipu::aws::returned_item(write);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  (void)quipu::aws::decode_token(text, "statement");
  const std::vector<Value> parameters{Value::string("x"), Value::number(1), Value::list({Value::number(1)})};
  auto parsed = parse_statement(text, parameters);
  if (!parsed) {
    QUIPU_ASSERT(!quipu::is_valid_utf8(text) || quipu::is_valid_utf8(parsed.error().error.message), "{}", text);
    return 0;
  }
  using enum quipu::aws::partiql::StatementKind;
  if (parsed->kind == unsupported) return 0;
  if (parsed->kind == select || parsed->kind == exists) check_select(*parsed, schema());
  if (parsed->kind != select) check_write(*parsed, schema());
  return 0;
}
