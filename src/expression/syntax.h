// The grammars of the kinds of expressions, by recursive descent. They make a tree and check nothing but the syntax,
// and redundant parentheses, which the service finds while it reads: as soon as it knows whether an operand or a
// condition is in them, so that a mistake further on is not told.
//
//   condition  := and { OR and }          and := not { AND not }          not := NOT not | comparison
//   comparison := operand comparator operand | operand BETWEEN operand AND operand
//               | operand IN "(" operand { "," operand } ")" | call | "(" condition ")"
//   operand    := path | value | call | "(" operand ")"        call := identifier "(" operand { "," operand } ")"
//   path       := step { "." step | "[" index "]" }            step := identifier | name
//   update     := section { section }
//   section    := SET path "=" sum { "," path "=" sum } | REMOVE path { "," path }
//               | ADD path value { "," path value } | DELETE path value { "," path value }
//   sum        := operand [ ("+" | "-") operand ] | "(" sum ")"
//   projection := path { "," path }
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expression/lexer.h"
#include "expression/tree.h"

namespace quipu::expression {

// Parentheses, calls and NOTs inside each other. What is deeper has more than operators_max operators or redundant
// parentheses, so it is an error anyway.
inline constexpr std::size_t syntax_depth_max = 640;

enum class Section : std::uint8_t { set, remove, add, erase };

struct Action {
  Section section;
  bool opens_section;  // the first one of its SET, REMOVE, ...
  Path target;
  NodeIndex operand = no_node;  // none for REMOVE
};

class Syntax {
 public:
  Syntax(std::string_view parameter, std::string_view text);

  Result<NodeIndex> read_condition();
  Result<std::vector<Action>> read_update();
  Result<std::vector<Path>> read_projection();

  Tree& tree() { return tree_; }

 private:
  // "(a)" is an operand, "(a = b)" a condition, and "(size(a))" may still become either.
  enum class Shape : std::uint8_t { operand, condition, either };
  struct Part {
    NodeIndex node;
    Shape shape;
    bool parenthesized = false;
    bool redundantly = false;  // somewhere inside, and not told yet
  };

  Result<Part> disjunction(bool may_be_operand);
  Result<Part> conjunction(bool may_be_operand);
  Result<Part> negation(bool may_be_operand);
  Result<Part> comparison(bool may_be_operand);
  Result<Part> primary();
  Result<Part> comparator(NodeIndex left, Kind kind);
  Result<Part> between(NodeIndex left);
  Result<Part> in(NodeIndex left);
  Result<Part> operand();
  Result<Part> sum();
  Result<Part> call();
  Result<Path> path();
  Result<> step();
  Result<> list_index();
  Result<NodeIndex> value();
  Result<> action(Section section, std::vector<Action>& actions);

  Result<> expect(Lexeme lexeme);
  Result<> enter();
  void leave() { --depth_; }
  static Part parenthesized(Part inner);
  Result<> check_not_redundant(const Part& part) const;
  Node named(Kind kind) const;

  std::string_view parameter_;
  Lexer lexer_;
  Tree tree_;
  std::size_t depth_ = 0;
};

}  // namespace quipu::expression
