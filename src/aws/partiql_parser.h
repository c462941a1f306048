// The parser of PartiQL statements, by recursive descent. As the service does it in two goes - the grammar first, then
// what it supports of it - a mistake of the second kind is kept until the end of the statement was seen.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "aws/partiql_lexer.h"
#include "aws/partiql_statement.h"

namespace quipu::aws::partiql {

class Parser {
 public:
  // Both must outlive it.
  Parser(std::string_view text, std::span<const value::Value> parameters)
      : text_{text}, parameters_{parameters}, lexer_{text} {}

  Parsed parse();

 private:
  // A step of the parser: false if the text is no statement, or if nothing behind it needs to be looked at.
  using Ok = bool;
  using NodeIndex = expression::NodeIndex;

  // What an expression is, beside its node.
  enum class Shape : std::uint8_t { operand, condition };
  struct Part {
    NodeIndex node = expression::no_node;
    Shape shape = Shape::operand;
    Token at;  // where it begins
  };

  // --- statements (partiql_parser.cc)
  Ok statement();
  Ok unsupported();
  Ok select();
  Ok select_list();
  Ok select_item();
  Ok source(bool reads);
  Ok alias();
  Ok order_by();
  Ok check_clauses();
  Ok insert();
  Ok update();
  Ok assignment();
  Ok set_function(expression::Path target, bool adds);
  Ok erase();
  Ok where();
  Ok returning();
  Ok name(std::string& name);

  // --- expressions (partiql_expressions.cc)
  Ok disjunction(Part& part);
  Ok conjunction(Part& part);
  Ok negation(Part& part);
  Ok comparison(Part& part);
  Ok comparator(Part& part, expression::Kind kind);
  Ok between(Part& part);
  Ok in(Part& part);
  Ok sequence(NodeIndex& last, bool& empty);
  Ok is(Part& part);
  Ok sum(Part& part);
  Ok product(Part& part);
  Ok operation(Part& part, const Part& right, const Token& symbol);
  Ok sign(Part& part);
  Ok primary(Part& part);
  Ok call(Part& part);
  Ok arguments(expression::NodeIndex& first);
  Ok path(expression::Path& path);
  Ok step();
  Ok bracket();
  void negate(Part& part);
  void add_index(const Token& token, bool negative);
  void need_operand(const Part& part, std::string_view op);
  void need_argument(const Part& part, std::string_view op);
  void need_condition(const Part& part, std::string_view message);

  // --- literals (partiql_values.cc)
  bool at_literal() const;
  Ok literal(value::Value& value, std::string_view key, std::size_t level);
  Ok scalar(value::Value& value, std::string_view key);
  Ok number(value::Value& value);
  Ok list(value::Value& value, std::string_view key, std::size_t level, Lexeme end);
  Ok tuple(value::Item& item, std::string_view key, std::size_t level);
  Ok bag(value::Value& value);
  Ok parameter(value::Value& value);

  // Not a statement.
  Ok malformed();
  // Says that and no more.
  Ok stop(std::string message);
  // The first one counts.
  void refuse_later(std::string message);
  void refuse_later_at(std::string_view message, const Token& token);
  Ok enter();
  void leave() { --depth_; }

  std::string_view text_;
  std::span<const value::Value> parameters_;
  Lexer lexer_;
  Statement statement_;
  expression::Tree* tree_ = nullptr;  // that expressions go into
  bool in_update_ = false;
  std::size_t depth_ = 0;
  std::size_t parameters_used_ = 0;
  std::optional<std::string> later_;
  std::optional<ParseError> error_;
};

}  // namespace quipu::aws::partiql
