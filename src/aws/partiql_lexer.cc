#include "aws/partiql_lexer.h"

#include <fmt/format.h>

#include <array>

namespace quipu::aws::partiql {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

char capital(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

struct Symbol {
  std::string_view text;
  Lexeme lexeme;
};

// The longer ones first.
constexpr auto symbols = std::to_array<Symbol>({
    {"<<", Lexeme::open_bag},      {">>", Lexeme::close_bag},    {"<>", Lexeme::not_equal},
    {"!=", Lexeme::not_equal},     {"<=", Lexeme::less_equal},   {">=", Lexeme::greater_equal},
    {"||", Lexeme::concatenation}, {"(", Lexeme::open},          {")", Lexeme::close},
    {"[", Lexeme::open_bracket},   {"]", Lexeme::close_bracket}, {"{", Lexeme::open_brace},
    {"}", Lexeme::close_brace},    {",", Lexeme::comma},         {".", Lexeme::dot},
    {":", Lexeme::colon},          {";", Lexeme::semicolon},     {"*", Lexeme::star},
    {"+", Lexeme::plus},           {"-", Lexeme::minus},         {"/", Lexeme::slash},
    {"%", Lexeme::percent},        {"=", Lexeme::equal},         {"<", Lexeme::less},
    {">", Lexeme::greater},        {"?", Lexeme::parameter},     {"@", Lexeme::at},
});

}  // namespace

bool Token::is_word(std::string_view keyword) const {
  if (lexeme != Lexeme::word || text.size() != keyword.size()) return false;
  for (std::size_t i = 0; i < keyword.size(); ++i)
    if (capital(text[i]) != keyword[i]) return false;
  return true;
}

std::string Token::place() const {
  return fmt::format("{}:{}:{}", line, column, characters);
}

void Lexer::skip(std::size_t bytes) {
  for (; bytes > 0 && offset_ < text_.size(); --bytes, ++offset_) {
    const char c = text_[offset_];
    if (c == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      ++column_;
    }
  }
}

void Lexer::skip_space() {
  while (offset_ < text_.size()) {
    const char c = byte();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
      skip(1);
    } else if (c == '-' && byte(1) == '-') {
      while (offset_ < text_.size() && byte() != '\n') skip(1);
    } else if (c == '/' && byte(1) == '*') {
      const std::size_t end = text_.find("*/", offset_ + 2);
      if (end == std::string_view::npos) return;  // a symbol that stands nowhere
      skip(end + 2 - offset_);
    } else {
      return;
    }
  }
}

void Lexer::advance() {
  skip_space();
  current_.line = line_;
  current_.column = column_;
  current_.text.clear();
  current_.lexeme = Lexeme::end;
  if (offset_ < text_.size()) {
    const char c = byte();
    if (begins_word(c))
      read_word();
    else if (is_digit(c) || (c == '.' && is_digit(byte(1))))
      read_number();
    else if (c == '\'')
      read_quoted(Lexeme::string);
    else if (c == '"')
      read_quoted(Lexeme::quoted);
    else if (c == '`')
      read_quoted(Lexeme::ion);
    else
      read_symbol();
  }
  current_.characters = line_ == current_.line ? column_ - current_.column : 1;
}

bool Lexer::take(Lexeme lexeme) {
  if (!at(lexeme)) return false;
  advance();
  return true;
}

bool Lexer::take_word(std::string_view keyword) {
  if (!at_word(keyword)) return false;
  advance();
  return true;
}

Token Lexer::next() const {
  Lexer ahead = *this;
  ahead.advance();
  return ahead.current_;
}

void Lexer::read_word() {
  std::size_t size = 1;
  while (begins_word(byte(size)) || is_digit(byte(size))) ++size;
  current_.text = text_.substr(offset_, size);
  current_.lexeme = Lexeme::word;
  skip(size);
}

void Lexer::read_number() {
  std::size_t size = 0;
  while (is_digit(byte(size))) ++size;
  if (byte(size) == '.') {
    ++size;
    while (is_digit(byte(size))) ++size;
  }
  if (byte(size) == 'e' || byte(size) == 'E') {
    const std::size_t sign = byte(size + 1) == '+' || byte(size + 1) == '-' ? 1 : 0;
    if (is_digit(byte(size + 1 + sign))) {
      size += 1 + sign;
      while (is_digit(byte(size))) ++size;
    }
  }
  current_.text = text_.substr(offset_, size);
  // "1d0", "1_000"
  current_.lexeme = begins_word(byte(size)) ? Lexeme::wrong : Lexeme::number;
  skip(size);
}

void Lexer::read_quoted(Lexeme lexeme) {
  const char quote = byte();
  skip(1);
  while (offset_ < text_.size()) {
    const std::size_t end = text_.find(quote, offset_);
    if (end == std::string_view::npos) break;
    current_.text += text_.substr(offset_, end - offset_);
    skip(end + 1 - offset_);
    if (byte() != quote || lexeme == Lexeme::ion) {
      current_.lexeme = lexeme;
      return;
    }
    current_.text += quote;
    skip(1);
  }
  current_.lexeme = Lexeme::wrong;
  skip(text_.size() - offset_);
}

void Lexer::read_symbol() {
  const std::string_view rest = text_.substr(offset_);
  current_.lexeme = Lexeme::wrong;
  std::size_t size = 1;
  for (const Symbol& symbol : symbols)
    if (rest.starts_with(symbol.text)) {
      current_.lexeme = symbol.lexeme;
      size = symbol.text.size();
      break;
    }
  current_.text = rest.substr(0, size);
  skip(size);
}

}  // namespace quipu::aws::partiql
