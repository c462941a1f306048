#include "expression/condition.h"

#include <utility>

#include "expression/check.h"
#include "expression/evaluation.h"
#include "expression/syntax.h"

namespace quipu::expression {

Result<Condition> Condition::parse(std::string_view parameter, std::string_view text, Placeholders& placeholders) {
  QUIPU_CHECK(check_size(parameter, text));
  Syntax syntax{parameter, text};
  QUIPU_TRY(const NodeIndex root, syntax.read_condition());
  QUIPU_CHECK(Check(parameter, text, syntax, placeholders).condition(root));
  return Condition{std::move(syntax.tree()), root};
}

Condition::Condition(Tree tree, NodeIndex root) : tree_{std::move(tree)}, root_{root} {}

bool Condition::matches(const value::Item& item) const {
  return expression::matches(tree_, root_, item);
}

std::vector<Path> Condition::paths() const {
  std::vector<Path> paths;
  for (const Node& node : tree_.nodes)
    if (node.kind == Kind::path) paths.push_back(node.path);
  return paths;
}

std::vector<std::string> Condition::attributes() const {
  return attributes_of(tree_, paths());
}

std::vector<std::string> Condition::nested_attributes() const {
  return nested_attributes_of(tree_, paths());
}

}  // namespace quipu::expression
