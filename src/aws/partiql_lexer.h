// Cuts a PartiQL statement into tokens, one at a time.
//
//   space      := white space | "--" to the end of the line | "/*" ... "*/"
//   word       := [A-Za-z_$][A-Za-z0-9_$]*           a keyword or a name
//   quoted     := '"' ... '"'                        a name; '""' inside is one '"'
//   string     := "'" ... "'"                        "''" inside is one "'"
//   number     := digits [ "." digits ] [ e [+-] digits ] | "." digits ...
//   parameter  := "?"
//   symbol     := "<<" | ">>" | "<>" | "!=" | "<=" | ">=" | "||" | any other character
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quipu::aws::partiql {

enum class Lexeme : std::uint8_t {
  end,
  word,
  quoted,
  string,
  number,
  parameter,
  ion,  // between backticks
  open,
  close,
  open_bracket,
  close_bracket,
  open_brace,
  close_brace,
  open_bag,
  close_bag,
  comma,
  dot,
  colon,
  semicolon,
  star,
  plus,
  minus,
  slash,
  percent,
  concatenation,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  at,
  wrong,
};

struct Token {
  Lexeme lexeme = Lexeme::end;
  std::string text;      // of a word, a number or a symbol as it stands there; of what is quoted, the content
  std::size_t line = 1;  // both count from 1, in characters
  std::size_t column = 1;
  std::size_t characters = 0;

  // Keywords are the same in any case. `keyword` is in capitals.
  bool is_word(std::string_view keyword) const;
  std::string place() const;  // "1:8:4", as messages show where something is
};

class Lexer {
 public:
  // The text must stay alive.
  explicit Lexer(std::string_view text) : text_{text} { advance(); }

  const Token& token() const { return current_; }
  bool at(Lexeme lexeme) const { return current_.lexeme == lexeme; }
  bool at_word(std::string_view keyword) const { return current_.is_word(keyword); }
  void advance();
  bool take(Lexeme lexeme);
  bool take_word(std::string_view keyword);
  // The token after this one.
  Token next() const;

 private:
  void skip_space();
  void skip(std::size_t bytes);
  void read_word();
  void read_number();
  void read_quoted(Lexeme lexeme);
  void read_symbol();
  char byte(std::size_t ahead = 0) const { return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0'; }

  std::string_view text_;
  std::size_t offset_ = 0;  // behind the current token
  std::size_t line_ = 1;
  std::size_t column_ = 1;
  Token current_;
};

// Words of SQL that are no names unless they are in double quotes.
bool is_keyword(std::string_view word);

}  // namespace quipu::aws::partiql
