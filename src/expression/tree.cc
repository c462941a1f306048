#include "expression/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace quipu::expression {

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::path: return "path";
    case Kind::value: return "value";
    case Kind::call: return "call";
    case Kind::equal: return "=";
    case Kind::not_equal: return "<>";
    case Kind::less: return "<";
    case Kind::less_equal: return "<=";
    case Kind::greater: return ">";
    case Kind::greater_equal: return ">=";
    case Kind::between: return "BETWEEN";
    case Kind::in: return "IN";
    case Kind::conjunction: return "AND";
    case Kind::disjunction: return "OR";
    case Kind::negation: return "NOT";
    case Kind::plus: return "+";
    case Kind::minus: return "-";
  }
  return "";
}

std::string_view to_string(Function function) {
  switch (function) {
    case Function::unknown: return "unknown";
    case Function::attribute_exists: return "attribute_exists";
    case Function::attribute_not_exists: return "attribute_not_exists";
    case Function::attribute_type: return "attribute_type";
    case Function::begins_with: return "begins_with";
    case Function::contains: return "contains";
    case Function::size: return "size";
    case Function::if_not_exists: return "if_not_exists";
    case Function::list_append: return "list_append";
  }
  return "";
}

Function function_of(std::string_view name) {
  for (const Function function :
       {Function::attribute_exists, Function::attribute_not_exists, Function::attribute_type, Function::begins_with,
        Function::contains, Function::size, Function::if_not_exists, Function::list_append})
    if (name == to_string(function)) return function;
  return Function::unknown;
}

std::optional<value::Type> type_of(std::string_view name) {
  using enum value::Type;
  for (const value::Type type : {null, boolean, number, string, binary, string_set, number_set, binary_set, list, map})
    if (name == dynamodb_name(type)) return type;
  return std::nullopt;
}

std::string_view type_in_words(value::Type type) {
  switch (type) {
    case value::Type::null: return "NULL";
    case value::Type::boolean: return "BOOLEAN";
    case value::Type::number: return "NUMBER";
    case value::Type::string: return "STRING";
    case value::Type::binary: return "BINARY";
    case value::Type::string_set: return "STRING_SET";
    case value::Type::number_set: return "NUMBER_SET";
    case value::Type::binary_set: return "BINARY_SET";
    case value::Type::list: return "LIST";
    case value::Type::map: return "MAP";
  }
  return "";
}

std::strong_ordering operator<=>(const Step& a, const Step& b) {
  if (a.is_index != b.is_index) return a.is_index ? std::strong_ordering::less : std::strong_ordering::greater;
  return a.is_index ? a.index <=> b.index : a.name <=> b.name;
}

NodeIndex Tree::add(Node node) {
  nodes.push_back(node);
  return static_cast<NodeIndex>(nodes.size() - 1);
}

NodeIndex Tree::add_parent(Kind kind, std::initializer_list<NodeIndex> children) {
  for (const NodeIndex* child = children.begin(); child != children.end(); ++child)
    nodes[*child].next = child + 1 != children.end() ? child[1] : no_node;
  return add_parent_of_list(kind, *children.begin());
}

NodeIndex Tree::add_parent_of_list(Kind kind, NodeIndex first_child) {
  return add({.kind = kind, .first_child = first_child});
}

NodeIndex Tree::add_path(std::string_view attribute) {
  steps.push_back({.name = std::string{attribute}});
  return add(
      {.kind = Kind::path, .path = {.first_step = static_cast<std::uint32_t>(steps.size() - 1), .step_count = 1}});
}

NodeIndex Tree::add_value(value::Value value) {
  values.push_back(std::move(value));
  return add({.kind = Kind::value, .value = static_cast<std::uint32_t>(values.size() - 1)});
}

std::string to_string(std::span<const Step> steps) {
  std::string text = "[";
  for (const Step& step : steps) {
    if (text.size() > 1) text += ", ";
    if (step.is_index)
      fmt::format_to(std::back_inserter(text), "[{}]", step.index);
    else
      text += step.name;
  }
  return text + "]";
}

namespace {

// Up to this many a look at each is cheaper than a set.
constexpr std::size_t linear_search_max = 16;

class Names {
 public:
  void add_once(const std::string& name) {
    if (names_.size() < linear_search_max) {
      if (std::ranges::find(names_, name) == names_.end()) names_.push_back(name);
      return;
    }
    if (known_.empty()) known_.insert(names_.begin(), names_.end());
    if (known_.insert(name).second) names_.push_back(name);
  }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  std::vector<std::string> names_;
  std::unordered_set<std::string> known_;
};

}  // namespace

std::vector<std::string> attributes_of(const Tree& tree, std::span<const Path> paths) {
  Names names;
  for (const Path& path : paths) names.add_once(tree.first_step(path).name);
  return names.take();
}

std::vector<std::string> nested_attributes_of(const Tree& tree, std::span<const Path> paths) {
  Names names;
  for (const Path& path : paths)
    if (path.step_count > 1) names.add_once(tree.first_step(path).name);
  return names.take();
}

}  // namespace quipu::expression
