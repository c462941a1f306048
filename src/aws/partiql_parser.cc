#include "aws/partiql_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "aws/partiql_check.h"

namespace quipu::aws::partiql {

using expression::Kind;
using expression::no_node;

Parsed parse_statement(std::string_view text, std::span<const value::Value> parameters) {
  return Parser{text, parameters}.parse();
}

Parsed Parser::parse() {
  bool ok = statement();
  if (ok) {
    lexer_.take(Lexeme::semicolon);
    if (!lexer_.at(Lexeme::end)) ok = malformed();
  }
  if (!ok) return std::unexpected(*std::move(error_));
  const auto refused = [](ApiError error) { return std::unexpected(ParseError{.error = std::move(error)}); };
  if (statement_.kind == StatementKind::unsupported) return std::move(statement_);
  if (parameters_used_ > parameters_.size()) later_ = "Number of parameters in request and statement don't match.";
  if (later_) return refused({.type = ErrorType::validation, .message = *std::move(later_), .extra_json = {}});
  if (auto checked = check_statement(statement_); !checked) return refused(std::move(checked).error());
  return std::move(statement_);
}

Parser::Ok Parser::malformed() {
  stop(fmt::format("Statement wasn't well formed, can't be processed: {}", text_));
  error_->malformed = true;
  return false;
}

Parser::Ok Parser::stop(std::string message) {
  error_ = ParseError{.error = {.type = ErrorType::validation, .message = std::move(message), .extra_json = {}}};
  return false;
}

void Parser::refuse_later(std::string message) {
  if (!later_) later_ = std::move(message);
}

void Parser::refuse_later_at(std::string_view message, const Token& token) {
  refuse_later(fmt::format("{} at {}", message, token.place()));
}

Parser::Ok Parser::enter() {
  if (++depth_ <= statement_depth_max) return true;
  return malformed();
}

Parser::Ok Parser::statement() {
  if (lexer_.at_word("SELECT")) return select();
  if (lexer_.at_word("INSERT")) return insert();
  if (lexer_.at_word("UPDATE")) return update();
  if (lexer_.at_word("DELETE")) return erase();
  if (!lexer_.at_word("EXISTS")) return unsupported();
  lexer_.advance();
  if (!lexer_.take(Lexeme::open)) return malformed();
  if (!lexer_.at_word("SELECT")) return unsupported();
  if (!select()) return false;
  if (!lexer_.take(Lexeme::close)) return malformed();
  statement_.kind = StatementKind::exists;
  return true;
}

// What the grammar knows and the service has no use for.
Parser::Ok Parser::unsupported() {
  statement_.kind = StatementKind::unsupported;
  const bool creates = lexer_.at_word("CREATE");
  if (creates || lexer_.at_word("DROP")) {
    lexer_.advance();
    if (!lexer_.take_word("TABLE")) return malformed();
    statement_.operation = creates ? "CreateTable" : "DropTable";
  } else if (lexer_.take_word("EXEC")) {
    statement_.operation = "Exec";
  } else {
    statement_.operation = "VariableReference";
  }
  std::string ignored;
  return name(ignored);
}

Parser::Ok Parser::name(std::string& name) {
  const bool is_name = lexer_.at(Lexeme::quoted) || (lexer_.at(Lexeme::word) && !is_keyword(lexer_.token().text));
  if (!is_name) return malformed();
  name = lexer_.token().text;
  lexer_.advance();
  return true;
}

// --- SELECT

Parser::Ok Parser::select() {
  lexer_.advance();
  statement_.kind = StatementKind::select;
  if (lexer_.take_word("DISTINCT")) refuse_later("Unsupported token in expression: DISTINCT");
  if (lexer_.take_word("VALUE")) refuse_later("Select projection doesn't support value or pivot keywords");
  if (!select_list()) return false;
  if (!lexer_.take_word("FROM")) return malformed();
  return source(true) && check_clauses() && alias() && check_clauses() && where() && check_clauses() && order_by() &&
         check_clauses();
}

Parser::Ok Parser::select_list() {
  if (lexer_.take(Lexeme::star)) return true;
  tree_ = &statement_.selected;
  do {
    if (!select_item()) return false;
  } while (lexer_.take(Lexeme::comma));
  return true;
}

Parser::Ok Parser::select_item() {
  Part part;
  if (!sum(part)) return false;
  if (lexer_.at(Lexeme::dot) && lexer_.next().lexeme == Lexeme::star) {
    lexer_.advance();
    lexer_.advance();
    refuse_later("Changing item's hierarchy while reading isn't supported");
  }
  if (!alias()) return false;
  const expression::Node& node = statement_.selected.nodes[part.node];
  if (node.kind == Kind::path)
    statement_.paths.push_back(node.path);
  else
    refuse_later_at("Unexpected path component", part.at);
  return true;
}

Parser::Ok Parser::source(bool reads) {
  if (lexer_.at(Lexeme::string) || lexer_.at(Lexeme::parameter) || lexer_.at(Lexeme::open) ||
      lexer_.at(Lexeme::open_bracket))
    return stop("Unexpected from source");
  if (!name(statement_.table)) return false;
  if (lexer_.at(Lexeme::open_bracket)) return stop("Invalid list expression in source.");
  if (!lexer_.take(Lexeme::dot)) return true;
  if (!name(statement_.index)) return false;
  if (lexer_.at(Lexeme::dot)) return stop("A path may contain at most 2 components in the FROM clause");
  if (statement_.kind == StatementKind::insert)
    refuse_later("FROM clause may only contain a single table name in data manipulation statements");
  else if (!reads)
    refuse_later("This operation is not supported on an index");
  return true;
}

// Clauses of SQL that stand behind the table or the condition.
Parser::Ok Parser::check_clauses() {
  constexpr std::string_view one_table = "Only select from a single table or index is supported.";
  if (lexer_.at(Lexeme::comma)) return stop(std::string{one_table});
  for (const std::string_view join : {"JOIN", "INNER", "LEFT", "RIGHT", "OUTER", "FULL", "CROSS"})
    if (lexer_.at_word(join)) return stop(std::string{one_table});
  if (lexer_.at_word("GROUP")) return stop("Unsupported clause: GROUP BY");
  for (const std::string_view clause : {"HAVING", "LIMIT"})
    if (lexer_.at_word(clause)) return stop(fmt::format("Unsupported clause: {} at {}", clause, lexer_.next().place()));
  return true;
}

Parser::Ok Parser::alias() {
  const bool introduced = lexer_.take_word("AS");
  const bool named = lexer_.at(Lexeme::quoted) || (lexer_.at(Lexeme::word) && !is_keyword(lexer_.token().text));
  if (!introduced && !named) return true;
  std::string ignored;
  if (!name(ignored)) return false;
  refuse_later("Aliasing is not supported");
  return true;
}

Parser::Ok Parser::order_by() {
  if (!lexer_.take_word("ORDER")) return true;
  if (!lexer_.take_word("BY")) return malformed();
  expression::Tree tree;
  tree_ = &tree;
  do {
    Part part;
    if (!sum(part)) return false;
    const expression::Node& node = tree.nodes[part.node];
    if (node.kind != Kind::path || node.path.step_count != 1)
      refuse_later(fmt::format("Argument to ORDER BY must be of type VariableReference. Type: {}",
                               node.kind == Kind::path ? "PATH" : part.at.text));
    else
      statement_.order.push_back({.attribute = tree.first_step(node.path).name});
    const bool descending = lexer_.take_word("DESC");
    if (descending && !statement_.order.empty()) statement_.order.back().descending = true;
    if (!descending) lexer_.take_word("ASC");
  } while (lexer_.take(Lexeme::comma));
  return true;
}

// --- statements that write

Parser::Ok Parser::insert() {
  lexer_.advance();
  if (!lexer_.take_word("INTO")) return malformed();
  statement_.kind = StatementKind::insert;
  if (!source(false)) return false;
  if (lexer_.at(Lexeme::open_brace) || lexer_.at(Lexeme::open_bag)) {
    // Without VALUE it is the grammar's other kind of INSERT.
    value::Value ignored;
    statement_.kind = StatementKind::unsupported;
    statement_.operation = "InsertOp";
    return literal(ignored, "root", 0);
  }
  if (!lexer_.take_word("VALUE")) return malformed();
  const Token begin = lexer_.token();
  if (lexer_.at(Lexeme::open_brace)) {
    if (!tuple(statement_.item, "root", 0)) return false;
  } else {
    expression::Tree tree;
    tree_ = &tree;
    Part part;
    if (!sum(part)) return false;
    refuse_later_at(
        "Unsupported format in item expression. Please use struct format {...} to express item values for insert "
        "statement.",
        begin);
  }
  if (!returning()) return false;
  if (statement_.returning) refuse_later("RETURNING is not supported in INSERT");
  return true;
}

Parser::Ok Parser::update() {
  lexer_.advance();
  statement_.kind = StatementKind::update;
  if (!source(false)) return false;
  while (lexer_.at_word("SET") || lexer_.at_word("REMOVE")) {
    tree_ = &statement_.change;
    if (lexer_.take_word("REMOVE")) {
      expression::Action action{.section = expression::Section::remove, .opens_section = false, .target = {}};
      if (!path(action.target)) return false;
      statement_.actions.push_back(action);
      continue;
    }
    lexer_.advance();
    do {
      if (!assignment()) return false;
    } while (lexer_.take(Lexeme::comma));
  }
  if (statement_.actions.empty() && !later_) return malformed();
  return where() && returning();
}

Parser::Ok Parser::assignment() {
  expression::Path target;
  if (!path(target)) return false;
  if (!lexer_.take(Lexeme::equal)) return malformed();
  const bool adds = lexer_.at_word("SET_ADD");
  if ((adds || lexer_.at_word("SET_DELETE")) && lexer_.next().lexeme == Lexeme::open) return set_function(target, adds);
  in_update_ = true;
  Part part;
  const bool ok = disjunction(part);
  in_update_ = false;
  if (!ok) return false;
  if (part.shape == Shape::condition)
    refuse_later(fmt::format("Unsupported operator in Update Expression. Operator: {}", part.at.text));
  statement_.actions.push_back(
      {.section = expression::Section::set, .opens_section = false, .target = target, .operand = part.node});
  return true;
}

// set_add(path, set) and set_delete(path, set): what ADD and DELETE do in update expressions.
Parser::Ok Parser::set_function(expression::Path target, bool adds) {
  lexer_.advance();
  lexer_.advance();
  Part first;
  Part second;
  if (!sum(first)) return false;
  if (!lexer_.take(Lexeme::comma)) return malformed();
  if (!sum(second)) return false;
  if (!lexer_.take(Lexeme::close)) return malformed();
  const std::string_view name = adds ? "SET_ADD" : "SET_DELETE";
  const expression::Tree& tree = statement_.change;
  const expression::Node& from = tree.nodes[first.node];
  const auto same = [&] { return std::ranges::equal(tree.steps_of(from.path), tree.steps_of(target)); };
  if (from.kind != Kind::path || !same())
    refuse_later(fmt::format("The first argument to {} must equal the assignment value", name));
  const expression::Node& set = tree.nodes[second.node];
  const auto is_set = [&] {
    const value::Type type = tree.values[set.value].type();
    return type == value::Type::string_set || type == value::Type::number_set || type == value::Type::binary_set;
  };
  if (set.kind != Kind::value || !is_set())
    refuse_later_at(fmt::format("The second argument to {} must be a value with type SET", name), first.at);
  statement_.actions.push_back({.section = adds ? expression::Section::add : expression::Section::erase,
                                .opens_section = false,
                                .target = target,
                                .operand = second.node});
  return true;
}

Parser::Ok Parser::erase() {
  lexer_.advance();
  if (!lexer_.take_word("FROM")) return malformed();
  statement_.kind = StatementKind::erase;
  if (!source(false) || !where() || !returning()) return false;
  if (!statement_.returning || *statement_.returning == ReturnValues::all_old) return true;
  constexpr std::array<std::string_view, 5> words{"", "", "MODIFIED OLD", "ALL NEW", "MODIFIED NEW"};
  refuse_later(
      fmt::format("Invalid returning clause: RETURNING {} *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
                  words[std::to_underlying(*statement_.returning)]));
  return true;
}

Parser::Ok Parser::where() {
  if (!lexer_.take_word("WHERE")) return true;
  tree_ = &statement_.condition;
  Part part;
  if (!disjunction(part)) return false;
  need_condition(part, "WHERE clause must contain an expression that resolves to a boolean");
  statement_.where = part.node;
  return true;
}

Parser::Ok Parser::returning() {
  if (!lexer_.take_word("RETURNING")) return true;
  bool several = false;
  do {
    const bool all = lexer_.at_word("ALL");
    if (!all && !lexer_.at_word("MODIFIED")) return malformed();
    lexer_.advance();
    const bool old = lexer_.at_word("OLD");
    if (!old && !lexer_.at_word("NEW")) return malformed();
    lexer_.advance();
    if (lexer_.at(Lexeme::end)) return malformed();
    if (!lexer_.take(Lexeme::star))
      return stop("Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause");
    if (several) refuse_later("Invalid syntax with multiple returning elements in RETURNING clause");
    several = true;
    statement_.returning = all   ? (old ? ReturnValues::all_old : ReturnValues::all_new)
                           : old ? ReturnValues::updated_old
                                 : ReturnValues::updated_new;
  } while (lexer_.take(Lexeme::comma));
  return true;
}

}  // namespace quipu::aws::partiql
