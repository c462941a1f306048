// Literals of PartiQL statements.
//
//   literal := string | ["+" | "-"] number | TRUE | FALSE | NULL | list | tuple | bag
//   list    := "[" [literal {"," literal}] "]" | "(" literal {"," literal} ")"   (one in parentheses is itself)
//   tuple   := "{" [string ":" literal {"," string ":" literal}] "}"
//   bag     := "<<" literal {"," literal} ">>"      a set: of strings or of numbers
//
// A parameter can stand for a whole operand or for a member of an insert's tuple, but not deeper.
#include <fmt/format.h>

#include <utility>

#include "aws/partiql_parser.h"

namespace quipu::aws::partiql {

using value::Value;

bool Parser::at_literal() const {
  switch (lexer_.token().lexeme) {
    case Lexeme::string:
    case Lexeme::number:
    case Lexeme::ion:
    case Lexeme::open_bracket:
    case Lexeme::open_brace:
    case Lexeme::open_bag: return true;
    default: break;
  }
  return lexer_.at_word("TRUE") || lexer_.at_word("FALSE") || lexer_.at_word("NULL");
}

Parser::Ok Parser::parameter(Value& value) {
  lexer_.advance();
  if (parameters_used_ < parameters_.size()) value = parameters_[parameters_used_];
  ++parameters_used_;
  return true;
}

// `key` is where the value is, as messages show it; `level` counts the lists and tuples around it.
Parser::Ok Parser::literal(Value& value, std::string_view key, std::size_t level) {
  if (!enter()) return false;
  bool ok = true;
  if (lexer_.at(Lexeme::open_bracket)) {
    ok = list(value, key, level, Lexeme::close_bracket);
  } else if (lexer_.at(Lexeme::open)) {
    ok = list(value, key, level, Lexeme::close);
  } else if (lexer_.at(Lexeme::open_brace)) {
    value::Item members;
    ok = tuple(members, key, level);
    value = Value::map(std::move(members));
  } else if (lexer_.at(Lexeme::open_bag)) {
    ok = bag(value);
  } else {
    ok = scalar(value, key);
  }
  leave();
  return ok;
}

Parser::Ok Parser::scalar(Value& value, std::string_view key) {
  const Token token = lexer_.token();
  if (token.lexeme == Lexeme::number || token.lexeme == Lexeme::plus || token.lexeme == Lexeme::minus)
    return number(value);
  if (token.lexeme == Lexeme::string) {
    value = Value::string(token.text);
  } else if (lexer_.at_word("TRUE") || lexer_.at_word("FALSE")) {
    value = Value::boolean(lexer_.at_word("TRUE"));
  } else if (lexer_.at_word("NULL")) {
    value = Value::null();
  } else if (lexer_.at_word("MISSING")) {
    refuse_later_at(fmt::format("Unsupported data type: MISSING under key {}", key), token);
  } else if (token.lexeme == Lexeme::ion) {
    refuse_later_at(fmt::format("Ion Literals are not supported under key {}", key), token);
  } else if (token.lexeme == Lexeme::parameter) {
    refuse_later_at(fmt::format("Unsupported data type: Parameter under key {}", key), token);
    return parameter(value);
  } else {
    refuse_later_at(fmt::format("Unsupported data type: {} under key {}",
                                key == "root" ? std::string_view{token.text} : "VariableReference", key),
                    token);
    std::string ignored;
    return name(ignored);
  }
  lexer_.advance();
  return true;
}

Parser::Ok Parser::number(Value& value) {
  std::string text;
  if (lexer_.at(Lexeme::plus) || lexer_.at(Lexeme::minus)) {
    text = lexer_.token().text;
    lexer_.advance();
  }
  if (!lexer_.at(Lexeme::number)) return malformed();
  text += lexer_.token().text;
  lexer_.advance();
  // DynamoDB's own texts of numbers have no point at their end.
  if (text.ends_with('.')) text.pop_back();
  if (const std::size_t point = text.find_first_of(".");
      point != std::string::npos && point + 1 < text.size() && (text[point + 1] == 'e' || text[point + 1] == 'E'))
    text.erase(point, 1);
  auto number = value::Number::parse(text);
  if (number)
    value = Value::number(*number);
  else
    refuse_later(std::move(number).error().message);
  return true;
}

Parser::Ok Parser::list(Value& value, std::string_view key, std::size_t level, Lexeme end) {
  if (level == value::nesting_depth_max) refuse_later("Nesting Levels have exceeded supported limits");
  lexer_.advance();
  Value::List elements;
  if (end == Lexeme::close || !lexer_.at(end)) {
    do {
      const std::string element_key = fmt::format("{}.{}", key, elements.size());
      if (!literal(elements.emplace_back(), element_key, level + 1)) return false;
    } while (lexer_.take(Lexeme::comma));
  }
  if (!lexer_.take(end)) return malformed();
  if (end == Lexeme::close && elements.size() == 1) {
    Value only = std::move(elements.front());
    value = std::move(only);
  } else {
    value = Value::list(std::move(elements));
  }
  return true;
}

Parser::Ok Parser::tuple(value::Item& item, std::string_view key, std::size_t level) {
  // The tuple of an insert is the item itself.
  const bool at_top = &item == &statement_.item;
  if (level == value::nesting_depth_max + (at_top ? 1 : 0))
    refuse_later("Nesting Levels have exceeded supported limits");
  lexer_.advance();
  if (lexer_.take(Lexeme::close_brace)) return true;
  do {
    const Token name = lexer_.token();
    if (name.lexeme == Lexeme::word || name.lexeme == Lexeme::quoted)
      refuse_later_at(fmt::format("Tuple keys must be of type String. Actual type: VariableReference under {}", key),
                      name);
    else if (name.lexeme != Lexeme::string)
      return malformed();
    lexer_.advance();
    if (name.text.empty()) refuse_later("Path component cannot be an empty string");
    if (item.find(name.text) != nullptr)
      refuse_later_at(fmt::format("Duplicate keys in tuple. Key: {} under {}", name.text, key), name);
    if (!lexer_.take(Lexeme::colon)) return malformed();
    Value member;
    const bool is_parameter = at_top && lexer_.at(Lexeme::parameter);
    const std::string path = at_top ? std::string{key} : fmt::format("{}.{}", key, name.text);
    if (!(is_parameter ? parameter(member) : literal(member, path, level + (at_top ? 0 : 1)))) return false;
    item.set(name.text, std::move(member));
  } while (lexer_.take(Lexeme::comma));
  return lexer_.take(Lexeme::close_brace) || malformed();
}

Parser::Ok Parser::bag(Value& value) {
  constexpr std::string_view unsupported =
      "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags";
  const Token begin = lexer_.token();
  lexer_.advance();
  if (lexer_.take(Lexeme::close_bag)) {
    refuse_later_at("Empty bags are not supported", begin);
    return true;
  }
  std::vector<std::string> strings;
  std::vector<value::Number> numbers;
  do {
    const Token at = lexer_.token();
    Value element;
    if (lexer_.at(Lexeme::parameter)) {
      if (!parameter(element)) return false;
      refuse_later_at(unsupported, at);
      continue;
    }
    if (!literal(element, "root", 0)) return false;
    if (element.is(value::Type::string))
      strings.push_back(element.as_string());
    else if (element.is(value::Type::number))
      numbers.push_back(element.as_number());
    else
      refuse_later_at(unsupported, at);
  } while (lexer_.take(Lexeme::comma));
  if (!lexer_.take(Lexeme::close_bag)) return malformed();
  if (later_) return true;
  if (!strings.empty() && !numbers.empty()) {
    refuse_later(std::string{unsupported});
    return true;
  }
  auto set = strings.empty() ? Value::number_set(std::move(numbers)) : Value::string_set(std::move(strings));
  if (set)
    value = *std::move(set);
  else
    refuse_later("Input collection contains duplicates");
  return true;
}

}  // namespace quipu::aws::partiql
