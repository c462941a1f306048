#include "aws/partiql_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "aws/partiql_select.h"
#include "expression/check.h"
#include "expression/placeholders.h"

namespace quipu::aws::partiql {

namespace {

using expression::Kind;
using expression::Node;
using expression::Tree;

// expression::Check reads a tree whose names and values are placeholders. A statement's are put behind placeholders
// here, so that no name is taken for a reserved word; the check puts them back.
class Placeheld {
 public:
  explicit Placeheld(Tree& tree) {
    for (std::size_t i = 0; expression::Step & step : tree.steps) {
      if (step.is_index) continue;
      std::string placeholder = fmt::format("#{}", i++);
      placeholders_.add_name(placeholder, step.name);
      step.name = std::move(placeholder);
    }
    for (Node& node : tree.nodes) {
      if (node.kind == Kind::call) refer(node, to_string(node.function));
      if (node.kind != Kind::value) continue;
      const std::string placeholder = fmt::format(":{}", node.value);
      placeholders_.add_value(placeholder, std::move(tree.values[node.value]));
      refer(node, placeholder);
    }
    tree.values.clear();
  }

  expression::Placeholders& placeholders() { return placeholders_; }
  // What the nodes refer to.
  const std::string& text() const { return text_; }

 private:
  void refer(Node& node, std::string_view text) {
    node.text_offset = static_cast<std::uint32_t>(text_.size());
    node.text_size = static_cast<std::uint32_t>(text.size());
    text_ += text;
  }

  expression::Placeholders placeholders_;
  std::string text_;
};

// Before anything that goes down the tree: it is no deeper than it has operators.
Answer<> check_operator_count(const Tree& tree) {
  const auto count = std::ranges::count_if(
      tree.nodes, [](const Node& node) { return node.kind != Kind::path && node.kind != Kind::value; });
  if (std::cmp_less_equal(count, expression::operators_max)) return {};
  return validation("The expression contains too many operators; operator count: {}", expression::operators_max + 1);
}

// `check` is one of expression::Check's. Its messages begin with "Invalid ConditionExpression: " or the like.
Answer<> run(Tree& tree, std::string_view parameter, auto&& check) {
  QUIPU_CHECK(check_operator_count(tree));
  Placeheld placeheld{tree};
  expression::Syntax syntax{parameter, placeheld.text()};
  syntax.tree() = std::move(tree);
  expression::Check checks{parameter, placeheld.text(), syntax, placeheld.placeholders()};
  Result<> checked = check(checks);
  tree = std::move(syntax.tree());
  if (checked) return {};
  std::string message = std::move(checked).error().message;
  const std::string prefix = fmt::format("Invalid {}: ", parameter);
  if (message.starts_with(prefix)) message.erase(0, prefix.size());
  return refuse(ErrorType::validation, std::move(message));
}

// The service looks at the parts of an expression backwards, and at those of a statement from the front.
Answer<> check_changes(Statement& statement) {
  const std::vector<expression::Action> backwards(statement.actions.rbegin(), statement.actions.rend());
  return run(statement.change, "UpdateExpression", [&](expression::Check& check) { return check.update(backwards); });
}

Answer<> check_selected(Statement& statement) {
  std::set<std::string> names;
  for (const expression::Path& path : statement.paths)
    if (std::string name = shown_name(statement.selected, path); !names.insert(name).second)
      return validation("Duplicate identifiers in select clause: {}", name);
  const std::vector<expression::Path> backwards(statement.paths.rbegin(), statement.paths.rend());
  return run(statement.selected, "ProjectionExpression",
             [&](expression::Check& check) { return check.projection(backwards); });
}

}  // namespace

Answer<> check_statement(Statement& statement) {
  if (!statement.paths.empty()) QUIPU_CHECK(check_selected(statement));
  if (!statement.actions.empty()) QUIPU_CHECK(check_changes(statement));
  if (statement.where != expression::no_node)
    QUIPU_CHECK(run(statement.condition, "ConditionExpression",
                    [&](expression::Check& check) { return check.condition(statement.where); }));
  return {};
}

}  // namespace quipu::aws::partiql
