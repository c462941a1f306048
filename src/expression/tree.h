// An expression after parsing: nodes in one vector, in the order in which they were completed, so that a child stands
// before its parent. Nothing in it refers to the request's text once it is checked.
//
// Operators and functions together are operators_max at most, so whatever recurses over a checked tree does not go
// deeper than that. Trees of the older parameters may have more, but are flat.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "value/value.h"

namespace quipu::expression {

inline constexpr std::size_t expression_bytes_max = 4096;
inline constexpr std::size_t operators_max = 300;
inline constexpr std::size_t path_steps_max = 32;
inline constexpr std::size_t in_operands_max = 100;
inline constexpr std::uint32_t list_index_max = INT32_MAX;

enum class Kind : std::uint8_t {
  path,
  value,
  call,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  between,
  in,
  conjunction,
  disjunction,
  negation,
  plus,
  minus,
};

enum class Function : std::uint8_t {
  unknown,
  attribute_exists,
  attribute_not_exists,
  attribute_type,
  begins_with,
  contains,
  size,
  if_not_exists,
  list_append,
};

// "<=", "BETWEEN", "attribute_exists": as messages name them.
std::string_view to_string(Kind kind);
std::string_view to_string(Function function);
Function function_of(std::string_view name);

// The type that DynamoDB calls "SS"; nothing if none is called so.
std::optional<value::Type> type_of(std::string_view name);
// ADD, DELETE and the older parameters say "STRING_SET" where everything else says "SS".
std::string_view type_in_words(value::Type type);

// One step of a document path: a map's member (or, as the first step, an attribute), or a list's element.
struct Step {
  std::string name;  // of an element: empty, or its number when that is out of range, until the tree is checked
  std::uint32_t index = 0;
  bool is_index = false;

  // Elements come before members, in the order of their numbers.
  friend std::strong_ordering operator<=>(const Step& a, const Step& b);
  friend bool operator==(const Step& a, const Step& b) { return (a <=> b) == 0; }
};

// Steps in Tree::steps.
struct Path {
  std::uint32_t first_step = 0;
  std::uint32_t step_count = 0;
};

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex no_node = UINT32_MAX;

struct Node {
  Kind kind;
  Function function = Function::unknown;  // of a call
  NodeIndex first_child = no_node;
  NodeIndex next = no_node;  // the parent's next child
  Path path;                 // of a path
  std::uint32_t value = 0;   // of a value: in Tree::values, when checked
  // Of a value or a call: its name, in the text that is being parsed.
  std::uint32_t text_offset = 0;
  std::uint32_t text_size = 0;
};

struct Tree {
  std::vector<Node> nodes;
  std::vector<Step> steps;
  std::vector<value::Value> values;

  std::span<const Step> steps_of(const Path& path) const {
    return std::span{steps}.subspan(path.first_step, path.step_count);
  }
  const Step& first_step(const Path& path) const { return steps[path.first_step]; }

  // For making trees. The parent takes the children in their order, and no others.
  NodeIndex add(Node node);
  NodeIndex add_parent(Kind kind, std::initializer_list<NodeIndex> children);
  NodeIndex add_parent_of_list(Kind kind, NodeIndex first_child);  // and all that are linked to it
  NodeIndex add_path(std::string_view attribute);
  NodeIndex add_value(value::Value value);
};

// "[a, [0], b]", as messages show paths.
std::string to_string(std::span<const Step> steps);

// Each name of `paths`' first steps once, in order.
std::vector<std::string> attributes_of(const Tree& tree, std::span<const Path> paths);

// The names whose members or elements a path goes to: no key attribute may be one of them.
std::vector<std::string> nested_attributes_of(const Tree& tree, std::span<const Path> paths);

}  // namespace quipu::expression
