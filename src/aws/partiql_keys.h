// What a WHERE clause says about keys. Its conjuncts are looked at one by one: what fixes or bounds a key becomes the
// key or a run of rows, the rest stays a condition.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/partiql_statement.h"
#include "expression/condition.h"
#include "table/key_range.h"
#include "table/schema.h"

namespace quipu::aws::partiql {

// The one item that a statement is about.
struct SingleKey {
  value::Item key;
  std::optional<expression::Condition> condition;
  std::string conflicting;  // a key attribute that is to have two values at once
};

// Nothing if the clause does not fix the whole key. Takes the statement's condition.
Answer<std::optional<SingleKey>> single_key(const table::TableSchema& schema, Statement& statement);

// The rows that a SELECT has to look at.
struct KeyBounds {
  std::vector<value::Value> partitions;  // each once, as the clause names them; none: all rows
  table::SortCondition sort;
  std::optional<expression::Condition> filter;
};

// Of the table, or of its index if one is given.
Answer<KeyBounds> key_bounds(const table::TableSchema& schema, const table::IndexSchema* index, Statement& statement);

}  // namespace quipu::aws::partiql
