// Cuts an expression into tokens, one at a time, and words the service's message for a token that cannot stand where it
// does. Tokens:
//
//   space     := [ \t\r\n]+                           between tokens, ignored
//   identifier:= [A-Za-z][A-Za-z0-9_]*                a keyword if it is one, in capitals or not
//   name      := "#" [A-Za-z0-9_]+
//   value     := ":" [A-Za-z0-9_]+
//   index     := "0" | [1-9][0-9]*
//   symbol    := "<>" | "<=" | ">=" | any other character
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace quipu::expression {

enum class Lexeme : std::uint8_t {
  end,
  identifier,
  name,
  value,
  index,
  other,
  open,
  close,
  open_bracket,
  close_bracket,
  dot,
  comma,
  plus,
  minus,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  keyword_and,
  keyword_or,
  keyword_not,
  keyword_in,
  keyword_between,
  keyword_set,
  keyword_remove,
  keyword_add,
  keyword_delete,
};

struct Token {
  Lexeme lexeme = Lexeme::end;
  std::size_t offset = 0;
  std::size_t size = 0;
};

class Lexer {
 public:
  // `parameter` is "ConditionExpression" and the like; both texts must stay alive.
  Lexer(std::string_view parameter, std::string_view text);

  Lexeme lexeme() const { return current_.lexeme; }
  std::size_t offset() const { return current_.offset; }
  std::string_view token() const { return text_.substr(current_.offset, current_.size); }
  bool at(Lexeme lexeme) const { return current_.lexeme == lexeme; }
  void advance();
  // Goes past the token if it is this one.
  bool take(Lexeme lexeme);
  Lexeme next_lexeme() const { return scan(current_.offset + current_.size).lexeme; }

  // "Invalid ConditionExpression: Syntax error; token: ..., near: ...", for the token that is here.
  std::unexpected<Error> syntax_error() const;

 private:
  Token scan(std::size_t from) const;

  std::string_view parameter_;
  std::string_view text_;
  std::size_t previous_offset_ = 0;  // of the token before; the beginning of the text if there is none
  Token current_;
};

}  // namespace quipu::expression
