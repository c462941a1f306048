// Conditions, operands and paths of PartiQL statements.
//
//   disjunction := conjunction {OR conjunction}        conjunction := negation {AND negation}
//   negation    := NOT negation | comparison
//   comparison  := sum { comparator sum | [NOT] BETWEEN sum AND sum | [NOT] IN sequence | IS [NOT] type }
//   sequence    := "[" [sum {"," sum}] "]" | "<<" ... ">>" | "(" sum {"," sum} ")"
//   sum         := product {("+" | "-" | "||") product}      product := sign {("*" | "/" | "%") sign}
//   sign        := ("+" | "-") sign | primary
//   primary     := literal | "?" | call | path | "(" disjunction ")"
//   call        := word "(" [sum {"," sum}] ")"
//   path        := name { "." name | "[" (digits | string | name) "]" }
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "aws/partiql_parser.h"

namespace quipu::aws::partiql {

using expression::Function;
using expression::Kind;
using expression::no_node;
using value::Value;

namespace {

struct Comparator {
  Lexeme lexeme;
  Kind kind;
};

constexpr auto comparators = std::to_array<Comparator>({
    {Lexeme::equal, Kind::equal},
    {Lexeme::not_equal, Kind::not_equal},
    {Lexeme::less, Kind::less},
    {Lexeme::less_equal, Kind::less_equal},
    {Lexeme::greater, Kind::greater},
    {Lexeme::greater_equal, Kind::greater_equal},
});

// What IS may ask for. The last ones are types of PartiQL that no attribute has.
struct TypeWord {
  std::string_view word;
  std::string_view dynamodb_type;
};

constexpr auto type_words = std::to_array<TypeWord>({
    {"BOOLEAN", "BOOL"}, {"BOOL", "BOOL"},  {"BLOB", "B"},   {"STRING", "S"}, {"NUMERIC", "N"}, {"STRUCT", "M"},
    {"TUPLE", "M"},      {"LIST", "L"},     {"INT", {}},     {"INTEGER", {}}, {"SMALLINT", {}}, {"FLOAT", {}},
    {"DECIMAL", {}},     {"TIMESTAMP", {}}, {"SYMBOL", {}},  {"CLOB", {}},    {"BAG", {}},      {"SEXP", {}},
    {"DATE", {}},        {"TIME", {}},      {"VARCHAR", {}}, {"CHAR", {}},
});

std::string in_small_letters(std::string_view text) {
  std::string small{text};
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return small;
}

bool is_condition(Function function) {
  switch (function) {
    case Function::attribute_exists:
    case Function::attribute_not_exists:
    case Function::attribute_type:
    case Function::begins_with:
    case Function::contains: return true;
    default: return false;
  }
}

}  // namespace

void Parser::need_operand(const Part& part, std::string_view op) {
  if (part.shape == Shape::condition)
    refuse_later(fmt::format("Unsupported operator in Condition Expression. Operator: {}", op));
}

void Parser::need_condition(const Part& part, std::string_view message) {
  if (part.shape != Shape::condition) refuse_later(std::string{message});
}

// Of AND and OR.
void Parser::need_argument(const Part& part, std::string_view op) {
  const expression::Node& node = tree_->nodes[part.node];
  if (part.shape == Shape::condition || node.kind != Kind::call)
    return need_condition(part, "The arguments to AND/OR must be Expressions");
  if (node.function == Function::size)
    refuse_later(
        fmt::format("Incorrect operand type for operator or function; operator or function: {}, operand type: N", op));
  else
    refuse_later(
        fmt::format("The function is not allowed in a condition expression; function: {}", to_string(node.function)));
}

void Parser::negate(Part& part) {
  part.node = tree_->add_parent(Kind::negation, {part.node});
}

Parser::Ok Parser::disjunction(Part& part) {
  if (!enter() || !conjunction(part)) return false;
  while (lexer_.take_word("OR")) {
    Part right;
    if (!conjunction(right)) return false;
    need_argument(part, "OR");
    need_argument(right, "OR");
    part.node = tree_->add_parent(Kind::disjunction, {part.node, right.node});
    part.shape = Shape::condition;
  }
  leave();
  return true;
}

Parser::Ok Parser::conjunction(Part& part) {
  if (!negation(part)) return false;
  while (lexer_.take_word("AND")) {
    Part right;
    if (!negation(right)) return false;
    need_argument(part, "AND");
    need_argument(right, "AND");
    part.node = tree_->add_parent(Kind::conjunction, {part.node, right.node});
    part.shape = Shape::condition;
  }
  return true;
}

Parser::Ok Parser::negation(Part& part) {
  const Token begin = lexer_.token();
  std::size_t count = 0;
  while (lexer_.take_word("NOT")) ++count;
  if (!comparison(part)) return false;
  if (count == 0) return true;
  if (in_update_) refuse_later("Unsupported operator in Update Expression. Operator: not");
  need_condition(part, "The argument to NOT must be a Type or Expression");
  for (; count > 0; --count) negate(part);
  part.at = begin;
  return true;
}

Parser::Ok Parser::comparison(Part& part) {
  if (!sum(part)) return false;
  for (;;) {
    const auto* const found = std::ranges::find(comparators, lexer_.token().lexeme, &Comparator::lexeme);
    if (found != comparators.end()) {
      if (!comparator(part, found->kind)) return false;
      continue;
    }
    if (lexer_.at_word("IS")) {
      if (!is(part)) return false;
      continue;
    }
    const Token after = lexer_.at_word("NOT") ? lexer_.next() : lexer_.token();
    const bool is_between = after.is_word("BETWEEN");
    if (after.is_word("LIKE")) return stop("Unsupported operator in Condition Expression. Operator: like");
    if (!is_between && !after.is_word("IN")) return true;
    const bool negated = lexer_.take_word("NOT");
    if (!(is_between ? between(part) : in(part))) return false;
    if (negated) negate(part);
  }
}

Parser::Ok Parser::comparator(Part& part, Kind kind) {
  lexer_.advance();
  Part right;
  if (!sum(right)) return false;
  if (in_update_) refuse_later(fmt::format("Unsupported operator in Update Expression. Operator: {}", to_string(kind)));
  need_operand(part, to_string(kind));
  need_operand(right, to_string(kind));
  part.node = tree_->add_parent(kind, {part.node, right.node});
  part.shape = Shape::condition;
  return true;
}

Parser::Ok Parser::between(Part& part) {
  lexer_.advance();
  Part lower;
  Part upper;
  if (!sum(lower)) return false;
  if (!lexer_.take_word("AND")) return malformed();
  if (!sum(upper)) return false;
  for (const Part* each : {&part, &lower, &upper}) need_operand(*each, "between");
  part.node = tree_->add_parent(Kind::between, {part.node, lower.node, upper.node});
  part.shape = Shape::condition;
  return true;
}

Parser::Ok Parser::in(Part& part) {
  lexer_.advance();
  need_operand(part, "in");
  NodeIndex last = part.node;
  bool empty = true;
  if (!sequence(last, empty)) return false;
  if (empty)
    refuse_later(
        "IN operator must have a left hand argument of type Variable Reference and right hand argument of type Seq "
        "with at least one member");
  part.node = tree_->add_parent_of_list(Kind::in, part.node);
  part.shape = Shape::condition;
  return true;
}

// Chains the elements behind `last`.
Parser::Ok Parser::sequence(NodeIndex& last, bool& empty) {
  Lexeme end = Lexeme::end;
  if (lexer_.at(Lexeme::open_bracket)) end = Lexeme::close_bracket;
  if (lexer_.at(Lexeme::open_bag)) end = Lexeme::close_bag;
  if (lexer_.at(Lexeme::open)) end = Lexeme::close;
  if (end == Lexeme::end) {
    Part ignored;
    return sum(ignored);
  }
  lexer_.advance();
  if (end != Lexeme::close && lexer_.take(end)) return true;
  empty = false;
  do {
    Part element;
    if (!sum(element)) return false;
    need_operand(element, "in");
    tree_->nodes[last].next = element.node;
    last = element.node;
  } while (lexer_.take(Lexeme::comma));
  return lexer_.take(end) || malformed();
}

Parser::Ok Parser::is(Part& part) {
  const Token at_is = lexer_.token();
  lexer_.advance();
  const bool negated = lexer_.take_word("NOT");
  need_operand(part, "is");
  const auto call = [&](Function function) {
    part.node = tree_->add({.kind = Kind::call, .function = function, .first_child = part.node});
  };
  part.shape = Shape::condition;
  if (lexer_.take_word("MISSING")) {
    call(negated ? Function::attribute_exists : Function::attribute_not_exists);
    return true;
  }
  const auto word = std::ranges::find_if(type_words, [&](const TypeWord& each) { return lexer_.at_word(each.word); });
  if (lexer_.at_word("NULL")) {
    const NodeIndex null = tree_->add_value(Value::null());
    part.node = tree_->add_parent(Kind::equal, {part.node, null});
  } else if (word == type_words.end()) {
    return malformed();
  } else if (word->dynamodb_type.empty()) {
    refuse_later_at(fmt::format("Unsupported data type for IS operator: {}. Supported data types are [MISSING, NULL, "
                                "BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]",
                                word->word == "INT" ? "INTEGER" : word->word),
                    at_is);
  } else {
    tree_->nodes[part.node].next = tree_->add_value(Value::string(word->dynamodb_type));
    call(Function::attribute_type);
  }
  lexer_.advance();
  if (negated) negate(part);
  return true;
}

Parser::Ok Parser::operation(Part& part, const Part& right, const Token& symbol) {
  const bool known = symbol.lexeme == Lexeme::plus || symbol.lexeme == Lexeme::minus;
  if (!in_update_ || !known) {
    refuse_later(fmt::format("Unsupported operator in {} Expression. Operator: {}", in_update_ ? "Update" : "Condition",
                             symbol.text));
    return true;
  }
  need_operand(part, symbol.text);
  need_operand(right, symbol.text);
  part.node = tree_->add_parent(symbol.lexeme == Lexeme::plus ? Kind::plus : Kind::minus, {part.node, right.node});
  return true;
}

Parser::Ok Parser::sum(Part& part) {
  if (!product(part)) return false;
  while (lexer_.at(Lexeme::plus) || lexer_.at(Lexeme::minus) || lexer_.at(Lexeme::concatenation)) {
    const Token symbol = lexer_.token();
    lexer_.advance();
    Part right;
    if (!product(right) || !operation(part, right, symbol)) return false;
  }
  return true;
}

Parser::Ok Parser::product(Part& part) {
  if (!sign(part)) return false;
  while (lexer_.at(Lexeme::star) || lexer_.at(Lexeme::slash) || lexer_.at(Lexeme::percent)) {
    const Token symbol = lexer_.token();
    lexer_.advance();
    Part right;
    if (!sign(right) || !operation(part, right, symbol)) return false;
  }
  return true;
}

Parser::Ok Parser::sign(Part& part) {
  const Token begin = lexer_.token();
  std::size_t minuses = 0;
  bool any = false;
  while (lexer_.at(Lexeme::plus) || lexer_.at(Lexeme::minus)) {
    any = true;
    if (lexer_.at(Lexeme::minus)) ++minuses;
    lexer_.advance();
  }
  if (!primary(part)) return false;
  if (!any) return true;
  part.at = begin;
  const expression::Node& node = tree_->nodes[part.node];
  if (node.kind != Kind::value || !tree_->values[node.value].is(value::Type::number)) {
    refuse_later(fmt::format(
        "Incorrect number of operands for operator or function; operator or function: {}, number of operands: 1",
        begin.text));
    return true;
  }
  Value& number = tree_->values[node.value];
  if (minuses % 2 == 1) number = Value::number(number.as_number().negated());
  return true;
}

Parser::Ok Parser::primary(Part& part) {
  part.at = lexer_.token();
  if (lexer_.at(Lexeme::open)) {
    lexer_.advance();
    if (!disjunction(part)) return false;
    return lexer_.take(Lexeme::close) || malformed();
  }
  if (lexer_.at(Lexeme::parameter)) {
    Value value;
    if (!parameter(value)) return false;
    part.node = tree_->add_value(std::move(value));
    return true;
  }
  if (lexer_.at_word("MISSING")) {
    if (tree_ != &statement_.selected) refuse_later("MISSING must be compared using IS operator");
    lexer_.advance();
    part.node = tree_->add_value(Value::null());
    return true;
  }
  if (lexer_.at_word("CASE")) return stop(fmt::format("Unsupported token in expression: CASE at {}", part.at.place()));
  if (lexer_.at_word("CAST"))
    return stop(fmt::format("Unsupported token in expression: cast at {}", lexer_.next().place()));
  if (at_literal()) {
    Value value;
    if (!literal(value, "root", 0)) return false;
    part.node = tree_->add_value(std::move(value));
    return true;
  }
  const bool is_name = lexer_.at(Lexeme::word) || lexer_.at(Lexeme::quoted);
  if (is_name && lexer_.next().lexeme == Lexeme::open) return call(part);
  expression::Path found;
  if (!path(found)) return false;
  part.node = tree_->add({.kind = Kind::path, .path = found});
  return true;
}

Parser::Ok Parser::call(Part& part) {
  const std::string name = lexer_.token().text;
  const Function function = expression::function_of(in_small_letters(name));
  // In a list of attributes no function is right, known or not, and another message says so.
  if (function == Function::unknown && tree_ != &statement_.selected)
    refuse_later(fmt::format("Unrecognized function: {}", in_small_letters(name)));
  lexer_.advance();
  lexer_.advance();
  NodeIndex first = no_node;
  if (!enter() || !arguments(first)) return false;
  leave();
  part.node = tree_->add({.kind = Kind::call, .function = function, .first_child = first});
  // What is no function of updates is told by the check of all functions.
  part.shape = is_condition(function) && !in_update_ ? Shape::condition : Shape::operand;
  return true;
}

Parser::Ok Parser::arguments(NodeIndex& first) {
  if (lexer_.take(Lexeme::close)) return true;
  if (lexer_.at(Lexeme::star) && tree_ == &statement_.selected) {
    lexer_.advance();
    return lexer_.take(Lexeme::close) || malformed();
  }
  NodeIndex last = no_node;
  do {
    Part argument;
    if (!sum(argument)) return false;
    need_operand(argument, "function");
    (last == no_node ? first : tree_->nodes[last].next) = argument.node;
    last = argument.node;
  } while (lexer_.take(Lexeme::comma));
  return lexer_.take(Lexeme::close) || malformed();
}

Parser::Ok Parser::path(expression::Path& path) {
  path.first_step = static_cast<std::uint32_t>(tree_->steps.size());
  lexer_.take(Lexeme::at);
  if (!step()) return false;
  for (;;) {
    // "m.*" is for the list of attributes.
    if (lexer_.at(Lexeme::dot) && lexer_.next().lexeme != Lexeme::star) {
      lexer_.advance();
      if (!step()) return false;
    } else if (lexer_.take(Lexeme::open_bracket)) {
      if (!bracket()) return false;
    } else {
      break;
    }
  }
  path.step_count = static_cast<std::uint32_t>(tree_->steps.size()) - path.first_step;
  return true;
}

Parser::Ok Parser::step() {
  expression::Step step;
  if (!name(step.name)) return false;
  if (step.name.empty()) refuse_later("Path component cannot be an empty string");
  tree_->steps.push_back(std::move(step));
  return true;
}

Parser::Ok Parser::bracket() {
  const Token token = lexer_.token();
  if (lexer_.at(Lexeme::string)) {
    lexer_.advance();
    if (token.text.empty()) refuse_later("Path component cannot be an empty string");
    tree_->steps.push_back({.name = token.text});
  } else if (lexer_.at(Lexeme::number) || lexer_.at(Lexeme::minus)) {
    const bool negative = lexer_.take(Lexeme::minus);
    if (!lexer_.at(Lexeme::number)) return malformed();
    const Token digits = lexer_.token();
    lexer_.advance();
    add_index(digits, negative);
  } else if (lexer_.at(Lexeme::parameter)) {
    Value ignored;
    if (!parameter(ignored)) return false;
    refuse_later_at("Unexpected path component", token);
  } else if (!step()) {
    return false;
  }
  return lexer_.take(Lexeme::close_bracket) || malformed();
}

void Parser::add_index(const Token& token, bool negative) {
  expression::Step step{.is_index = true};
  const char* const end = token.text.data() + token.text.size();
  if (token.text.find_first_not_of("0123456789") != std::string::npos) {
    refuse_later_at("Unexpected path component", token);
  } else {
    const auto [at, error] = std::from_chars(token.text.data(), end, step.index);
    if (negative || error != std::errc{} || at != end || step.index > expression::list_index_max)
      refuse_later_at(
          fmt::format("List index is not within the allowable range; index: [{}{}]", negative ? "-" : "", token.text),
          token);
  }
  tree_->steps.push_back(std::move(step));
}

}  // namespace quipu::aws::partiql
