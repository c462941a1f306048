#include "expression/syntax.h"

#include <charconv>
#include <optional>

namespace quipu::expression {

namespace {

std::optional<Kind> comparator_kind(Lexeme lexeme) {
  switch (lexeme) {
    case Lexeme::equal: return Kind::equal;
    case Lexeme::not_equal: return Kind::not_equal;
    case Lexeme::less: return Kind::less;
    case Lexeme::less_equal: return Kind::less_equal;
    case Lexeme::greater: return Kind::greater;
    case Lexeme::greater_equal: return Kind::greater_equal;
    default: return std::nullopt;
  }
}

std::optional<Section> section_of(Lexeme lexeme) {
  switch (lexeme) {
    case Lexeme::keyword_set: return Section::set;
    case Lexeme::keyword_remove: return Section::remove;
    case Lexeme::keyword_add: return Section::add;
    case Lexeme::keyword_delete: return Section::erase;
    default: return std::nullopt;
  }
}

// Enough for what people write; a denser expression makes the vector grow.
constexpr std::size_t text_bytes_per_node = 6;

}  // namespace

Syntax::Syntax(std::string_view parameter, std::string_view text) : parameter_{parameter}, lexer_{parameter, text} {
  tree_.nodes.reserve(text.size() / text_bytes_per_node + 1);
}

Result<NodeIndex> Syntax::read_condition() {
  QUIPU_TRY(const Part root, disjunction(false));
  QUIPU_CHECK(expect(Lexeme::end));
  return root.node;
}

Result<std::vector<Action>> Syntax::read_update() {
  std::vector<Action> actions;
  do {
    const std::optional<Section> section = section_of(lexer_.lexeme());
    if (!section) return lexer_.syntax_error();
    lexer_.advance();
    const std::size_t first = actions.size();
    do {
      QUIPU_CHECK(action(*section, actions));
    } while (lexer_.take(Lexeme::comma));
    actions[first].opens_section = true;
  } while (!lexer_.at(Lexeme::end));
  return actions;
}

Result<> Syntax::action(Section section, std::vector<Action>& actions) {
  QUIPU_TRY(const Path target, path());
  Action action{.section = section, .opens_section = false, .target = target};
  if (section == Section::set) {
    QUIPU_CHECK(expect(Lexeme::equal));
    QUIPU_TRY(const Part assigned, sum());
    action.operand = assigned.node;
  } else if (section != Section::remove) {
    if (!lexer_.at(Lexeme::value)) return lexer_.syntax_error();
    QUIPU_TRY(action.operand, value());
  }
  actions.push_back(action);
  return {};
}

Result<std::vector<Path>> Syntax::read_projection() {
  std::vector<Path> paths;
  do {
    QUIPU_TRY(const Path next, path());
    paths.push_back(next);
  } while (lexer_.take(Lexeme::comma));
  QUIPU_CHECK(expect(Lexeme::end));
  return paths;
}

Result<> Syntax::expect(Lexeme lexeme) {
  if (!lexer_.at(lexeme)) return lexer_.syntax_error();
  if (lexeme != Lexeme::end) lexer_.advance();
  return {};
}

Result<> Syntax::enter() {
  if (depth_ == syntax_depth_max)
    return fail(ErrorCode::invalid_argument,
                "Invalid {}: The expression contains too many operators; operator count: {}", parameter_,
                operators_max + 1);
  ++depth_;
  return {};
}

Syntax::Part Syntax::parenthesized(Part inner) {
  inner.redundantly |= inner.parenthesized;
  inner.parenthesized = true;
  return inner;
}

Result<> Syntax::check_not_redundant(const Part& part) const {
  if (part.redundantly)
    return fail(ErrorCode::invalid_argument, "Invalid {}: The expression has redundant parentheses;", parameter_);
  return {};
}

Node Syntax::named(Kind kind) const {
  return {.kind = kind,
          .text_offset = static_cast<std::uint32_t>(lexer_.offset()),
          .text_size = static_cast<std::uint32_t>(lexer_.token().size())};
}

Result<Syntax::Part> Syntax::disjunction(bool may_be_operand) {
  QUIPU_TRY(Part left, conjunction(may_be_operand));
  while (lexer_.take(Lexeme::keyword_or)) {
    QUIPU_TRY(const Part right, conjunction(false));
    left = {.node = tree_.add_parent(Kind::disjunction, {left.node, right.node}), .shape = Shape::condition};
  }
  return left;
}

Result<Syntax::Part> Syntax::conjunction(bool may_be_operand) {
  QUIPU_TRY(Part left, negation(may_be_operand));
  while (lexer_.take(Lexeme::keyword_and)) {
    QUIPU_TRY(const Part right, negation(false));
    left = {.node = tree_.add_parent(Kind::conjunction, {left.node, right.node}), .shape = Shape::condition};
  }
  return left;
}

Result<Syntax::Part> Syntax::negation(bool may_be_operand) {
  if (!lexer_.take(Lexeme::keyword_not)) return comparison(may_be_operand);
  QUIPU_CHECK(enter());
  QUIPU_TRY(const Part negated, negation(false));
  leave();
  return Part{.node = tree_.add_parent(Kind::negation, {negated.node}), .shape = Shape::condition};
}

Result<Syntax::Part> Syntax::comparison(bool may_be_operand) {
  QUIPU_TRY(const Part left, primary());
  const std::optional<Kind> kind = comparator_kind(lexer_.lexeme());
  const bool compared = kind || lexer_.at(Lexeme::keyword_between) || lexer_.at(Lexeme::keyword_in);
  if (!compared) {
    if (left.shape == Shape::operand && !(may_be_operand && lexer_.at(Lexeme::close))) return lexer_.syntax_error();
    const bool ends = lexer_.at(Lexeme::keyword_and) || lexer_.at(Lexeme::keyword_or) || lexer_.at(Lexeme::end);
    if (ends) QUIPU_CHECK(check_not_redundant(left));
    return left;
  }
  if (left.shape == Shape::condition) return lexer_.syntax_error();
  QUIPU_CHECK(check_not_redundant(left));
  if (kind) return comparator(left.node, *kind);
  return lexer_.at(Lexeme::keyword_between) ? between(left.node) : in(left.node);
}

Result<Syntax::Part> Syntax::comparator(NodeIndex left, Kind kind) {
  lexer_.advance();
  QUIPU_TRY(const Part right, operand());
  return Part{.node = tree_.add_parent(kind, {left, right.node}), .shape = Shape::condition};
}

Result<Syntax::Part> Syntax::between(NodeIndex left) {
  lexer_.advance();
  QUIPU_TRY(const Part lower, operand());
  QUIPU_CHECK(expect(Lexeme::keyword_and));
  QUIPU_TRY(const Part upper, operand());
  return Part{.node = tree_.add_parent(Kind::between, {left, lower.node, upper.node}), .shape = Shape::condition};
}

Result<Syntax::Part> Syntax::in(NodeIndex left) {
  lexer_.advance();
  QUIPU_CHECK(expect(Lexeme::open));
  NodeIndex last = left;
  do {
    QUIPU_TRY(const Part member, operand());
    tree_.nodes[last].next = member.node;
    last = member.node;
  } while (lexer_.take(Lexeme::comma));
  QUIPU_CHECK(expect(Lexeme::close));
  return Part{.node = tree_.add_parent_of_list(Kind::in, left), .shape = Shape::condition};
}

Result<Syntax::Part> Syntax::primary() {
  if (!lexer_.at(Lexeme::open)) return operand();
  lexer_.advance();
  QUIPU_CHECK(enter());
  QUIPU_TRY(const Part inner, disjunction(true));
  leave();
  QUIPU_CHECK(expect(Lexeme::close));
  const Part result = parenthesized(inner);
  if (result.shape == Shape::condition) QUIPU_CHECK(check_not_redundant(result));
  return result;
}

Result<Syntax::Part> Syntax::operand() {
  if (lexer_.take(Lexeme::open)) {
    QUIPU_CHECK(enter());
    QUIPU_TRY(const Part inner, operand());
    leave();
    QUIPU_CHECK(expect(Lexeme::close));
    const Part result = parenthesized(inner);
    QUIPU_CHECK(check_not_redundant(result));
    return result;
  }
  if (lexer_.at(Lexeme::value)) {
    QUIPU_TRY(const NodeIndex node, value());
    return Part{.node = node, .shape = Shape::operand};
  }
  if (lexer_.at(Lexeme::identifier) && lexer_.next_lexeme() == Lexeme::open) return call();
  QUIPU_TRY(const Path read, path());
  return Part{.node = tree_.add({.kind = Kind::path, .path = read}), .shape = Shape::operand};
}

Result<Syntax::Part> Syntax::sum() {
  // "(a + b)" is a sum that nothing can be added to; "(a)" is an operand.
  QUIPU_TRY(Part left, [this]() -> Result<Part> {
    if (!lexer_.take(Lexeme::open)) return operand();
    QUIPU_CHECK(enter());
    QUIPU_TRY(const Part inner, sum());
    leave();
    QUIPU_CHECK(expect(Lexeme::close));
    const Part result = parenthesized(inner);
    QUIPU_CHECK(check_not_redundant(result));
    return result;
  }());
  const bool adds = lexer_.at(Lexeme::plus);
  if (left.shape == Shape::condition || (!adds && !lexer_.at(Lexeme::minus))) return left;
  lexer_.advance();
  QUIPU_TRY(const Part right, operand());
  // The shape "condition" stands for a whole sum here: in an update there are no conditions.
  return Part{.node = tree_.add_parent(adds ? Kind::plus : Kind::minus, {left.node, right.node}),
              .shape = Shape::condition};
}

Result<Syntax::Part> Syntax::call() {
  Node call = named(Kind::call);
  call.function = function_of(lexer_.token());
  lexer_.advance();
  lexer_.advance();
  QUIPU_CHECK(enter());
  NodeIndex last = no_node;
  do {
    QUIPU_TRY(const Part argument, operand());
    (last == no_node ? call.first_child : tree_.nodes[last].next) = argument.node;
    last = argument.node;
  } while (lexer_.take(Lexeme::comma));
  leave();
  QUIPU_CHECK(expect(Lexeme::close));
  return Part{.node = tree_.add(call), .shape = Shape::either};
}

Result<NodeIndex> Syntax::value() {
  const NodeIndex node = tree_.add(named(Kind::value));
  lexer_.advance();
  return node;
}

Result<Path> Syntax::path() {
  Path path{.first_step = static_cast<std::uint32_t>(tree_.steps.size()), .step_count = 0};
  QUIPU_CHECK(step());
  while (true) {
    if (lexer_.take(Lexeme::dot)) {
      QUIPU_CHECK(step());
    } else if (lexer_.take(Lexeme::open_bracket)) {
      QUIPU_CHECK(list_index());
    } else {
      break;
    }
  }
  path.step_count = static_cast<std::uint32_t>(tree_.steps.size()) - path.first_step;
  return path;
}

Result<> Syntax::step() {
  if (!lexer_.at(Lexeme::identifier) && !lexer_.at(Lexeme::name)) return lexer_.syntax_error();
  tree_.steps.push_back({.name = std::string{lexer_.token()}});
  lexer_.advance();
  return {};
}

Result<> Syntax::list_index() {
  if (!lexer_.at(Lexeme::index)) return lexer_.syntax_error();
  const std::string_view digits = lexer_.token();
  Step step{.is_index = true};
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), step.index);
  // What is out of range is told later, when all of the syntax is known to be good.
  if (read.ec != std::errc{} || step.index > list_index_max) step.name = digits;
  tree_.steps.push_back(std::move(step));
  lexer_.advance();
  return expect(Lexeme::close_bracket);
}

}  // namespace quipu::expression
