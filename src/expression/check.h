// What the service checks after the syntax, in its order: each pass goes over the whole expression before the next one
// begins, so of several mistakes the same one is told. Placeholders are replaced by what they stand for.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expression/placeholders.h"
#include "expression/syntax.h"
#include "expression/tree.h"

namespace quipu::expression {

// "Invalid ConditionExpression: The expression can not be empty;", or that it is too long.
Result<> check_size(std::string_view parameter, std::string_view text);

class Check {
 public:
  // All of them must outlive it. The syntax has been read without an error.
  Check(std::string_view parameter, std::string_view text, Syntax& syntax, Placeholders& placeholders);

  Result<> condition(NodeIndex root);
  Result<> update(std::span<const Action> actions);
  Result<> projection(std::span<const Path> paths);

 private:
  enum class Use : std::uint8_t { condition, operand, assigned };
  // What is known about an operand before there is an item.
  struct Operand {
    const value::Value* literal = nullptr;
    bool is_size = false;

    bool has_type() const { return literal != nullptr || is_size; }
    value::Type type() const { return is_size ? value::Type::number : literal->type(); }
  };

  const Node& at(NodeIndex node) const { return tree_.nodes[node]; }
  std::string_view text_of(const Node& node) const { return text_.substr(node.text_offset, node.text_size); }

  Result<> names(NodeIndex node, Use use) const;  // of functions and attributes; the range of indexes
  Result<> function_name(const Node& call, Use use) const;
  Result<> steps(const Path& path) const;
  Result<> sections(std::span<const Action> actions) const;
  Result<> operator_count() const;

  Result<> targets(std::span<const Path> paths_in_order);
  Result<> overlaps(std::span<const Path> paths_in_order) const;
  Result<> overlaps_with(const Path& path, std::span<const Path> others) const;

  Result<> resolve_names(const Path& path);
  Result<> depth(const Path& path) const;
  Result<> resolve(NodeIndex node);
  Result<> resolve_value(Node& node);
  Result<> resolve_action(const Action& action);

  Operand operand(NodeIndex node) const;
  Result<> operands(NodeIndex node) const;
  Result<> comparison(NodeIndex node) const;
  Result<> between(NodeIndex node) const;
  Result<> in(NodeIndex node) const;
  Result<> call(NodeIndex node) const;
  Result<> call_operands(const Node& call) const;
  Result<> attribute_type(const Node& call) const;
  Result<> sum(NodeIndex node) const;
  Result<> distinct(NodeIndex node) const;

  template <class... Args>
  std::unexpected<Error> invalid(fmt::format_string<Args...> format, Args&&... args) const {
    return fail(ErrorCode::invalid_argument, "Invalid {}: {}", parameter_,
                fmt::format(format, std::forward<Args>(args)...));
  }
  std::unexpected<Error> wrong_type(std::string_view name, value::Type type) const;

  std::string_view parameter_;
  std::string_view text_;
  Tree& tree_;
  Placeholders& placeholders_;
  std::vector<const value::Value*> used_values_;  // what each of the tree's values is a copy of
};

}  // namespace quipu::expression
