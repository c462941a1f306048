#include "expression/lexer.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace quipu::expression {

namespace {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}

struct Keyword {
  std::string_view text;
  Lexeme lexeme;
};
constexpr auto keywords = std::to_array<Keyword>({
    {"AND", Lexeme::keyword_and},
    {"OR", Lexeme::keyword_or},
    {"NOT", Lexeme::keyword_not},
    {"IN", Lexeme::keyword_in},
    {"BETWEEN", Lexeme::keyword_between},
    {"SET", Lexeme::keyword_set},
    {"REMOVE", Lexeme::keyword_remove},
    {"ADD", Lexeme::keyword_add},
    {"DELETE", Lexeme::keyword_delete},
});

Lexeme word_lexeme(std::string_view word) {
  for (const Keyword& keyword : keywords)
    if (equal_ignoring_ascii_case(word, keyword.text)) return keyword.lexeme;
  return Lexeme::identifier;
}

std::size_t count_leading(std::string_view text, bool (*accept)(char)) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, accept) - text.begin());
}

Lexeme symbol_lexeme(char c) {
  switch (c) {
    case '(': return Lexeme::open;
    case ')': return Lexeme::close;
    case '[': return Lexeme::open_bracket;
    case ']': return Lexeme::close_bracket;
    case '.': return Lexeme::dot;
    case ',': return Lexeme::comma;
    case '+': return Lexeme::plus;
    case '-': return Lexeme::minus;
    case '=': return Lexeme::equal;
    case '<': return Lexeme::less;
    case '>': return Lexeme::greater;
    default: return Lexeme::other;
  }
}

}  // namespace

Lexer::Lexer(std::string_view parameter, std::string_view text)
    : parameter_{parameter}, text_{text}, current_{scan(0)} {}

Token Lexer::scan(std::size_t from) const {
  const std::size_t offset = from + count_leading(text_.substr(from), is_space);
  const std::string_view rest = text_.substr(offset);
  if (rest.empty()) return {Lexeme::end, offset, 0};
  const char first = rest[0];
  if (is_letter(first)) {
    const std::size_t size = count_leading(rest, is_word);
    return {word_lexeme(rest.substr(0, size)), offset, size};
  }
  if (first == '#' || first == ':') {
    const std::size_t size = 1 + count_leading(rest.substr(1), is_word);
    if (size == 1) return {Lexeme::other, offset, 1};
    return {first == '#' ? Lexeme::name : Lexeme::value, offset, size};
  }
  if (is_digit(first)) return {Lexeme::index, offset, first == '0' ? 1 : count_leading(rest, is_digit)};
  if (rest.starts_with("<>")) return {Lexeme::not_equal, offset, 2};
  if (rest.starts_with("<=")) return {Lexeme::less_equal, offset, 2};
  if (rest.starts_with(">=")) return {Lexeme::greater_equal, offset, 2};
  return {symbol_lexeme(first), offset, std::max<std::size_t>(utf8_sequence_bytes(rest), 1)};
}

void Lexer::advance() {
  previous_offset_ = current_.offset;
  current_ = scan(current_.offset + current_.size);
}

bool Lexer::take(Lexeme lexeme) {
  if (!at(lexeme)) return false;
  advance();
  return true;
}

std::unexpected<Error> Lexer::syntax_error() const {
  // What the service shows goes from the token before to the token after, with all that is between.
  std::size_t end = text_.size();
  if (!at(Lexeme::end)) {
    const Token next = scan(current_.offset + current_.size);
    if (next.lexeme != Lexeme::end) end = next.offset + next.size;
  }
  return fail(ErrorCode::invalid_argument, "Invalid {}: Syntax error; token: \"{}\", near: \"{}\"", parameter_,
              at(Lexeme::end) ? "<EOF>" : token(), text_.substr(previous_offset_, end - previous_offset_));
}

}  // namespace quipu::expression
