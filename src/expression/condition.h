// ConditionExpression, FilterExpression, and what the older parameters mean the same with: a question to an item.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expression/placeholders.h"
#include "expression/tree.h"

namespace quipu::expression {

class Condition {
 public:
  // `parameter` is "ConditionExpression" or "FilterExpression": messages name it.
  static Result<Condition> parse(std::string_view parameter, std::string_view text, Placeholders& placeholders);

  // For legacy.h.
  Condition(Tree tree, NodeIndex root);

  // The item must have its key attributes; an item that does not exist has none.
  bool matches(const value::Item& item) const;

  // The top-level attributes it names, each once, in order: a filter may not name those of the primary key.
  std::vector<std::string> attributes() const;
  // Those of which it reads a member or an element: "Key attributes must be scalars; ..." if one is a key's.
  std::vector<std::string> nested_attributes() const;

  const Tree& tree() const { return tree_; }
  NodeIndex root() const { return root_; }

 private:
  std::vector<Path> paths() const;

  Tree tree_;
  NodeIndex root_;
};

}  // namespace quipu::expression
