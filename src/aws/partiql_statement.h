// A PartiQL statement after parsing: what it does to which table, with its parameters in their places.
//
//   select    := SELECT ("*" | path {"," path}) FROM source [WHERE condition] [ORDER BY name [ASC | DESC] {"," ...}]
//   insert    := INSERT INTO source VALUE tuple
//   update    := UPDATE source change {change} [WHERE condition] [returning]
//   delete    := DELETE FROM source [WHERE condition] [returning]
//   exists    := EXISTS "(" select ")"
//   source    := name ["." name]
//   change    := SET path "=" operand {"," path "=" operand} | REMOVE path
//   returning := RETURNING (ALL | MODIFIED) (OLD | NEW) "*"
//   condition, operand, path: partiql_expressions.cc      tuple: partiql_values.cc
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/api_error.h"
#include "aws/item_writes.h"
#include "expression/syntax.h"
#include "expression/tree.h"
#include "value/value.h"

namespace quipu::aws::partiql {

// Parentheses, operators, lists and tuples inside each other.
inline constexpr std::size_t statement_depth_max = 320;

enum class StatementKind : std::uint8_t { select, insert, update, erase, exists, unsupported };

struct Order {
  std::string attribute;
  bool descending = false;
};

struct Statement {
  StatementKind kind = StatementKind::unsupported;
  std::string operation;  // of an unsupported one: what the service calls it
  std::string table;
  std::string index;  // empty: the table itself

  // Its names and values are checked, and nothing in it refers to the statement's text.
  expression::Tree condition;
  expression::NodeIndex where = expression::no_node;  // in `condition`

  expression::Tree selected;
  std::vector<expression::Path> paths;  // in `selected`; none: whole items
  std::vector<Order> order;

  value::Item item;  // of an insert
  expression::Tree change;
  std::vector<expression::Action> actions;  // in `change`
  std::optional<ReturnValues> returning;

  bool reads() const { return kind == StatementKind::select; }
};

// What the service says only once it knows which operation the statement came with.
struct ParseError {
  ApiError error;
  bool malformed = false;  // not even a statement
};

class [[nodiscard]] Parsed : public std::expected<Statement, ParseError> {
 public:
  using std::expected<Statement, ParseError>::expected;
};

Parsed parse_statement(std::string_view text, std::span<const value::Value> parameters);

}  // namespace quipu::aws::partiql
