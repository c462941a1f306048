#include "expression/evaluation.h"

#include <string.h>

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/text.h"

namespace quipu::expression {

namespace {

using value::Item;
using value::Type;
using value::Value;

std::optional<std::int64_t> size_of(const Value& value) {
  const auto count = [](const auto& elements) { return static_cast<std::int64_t>(elements.size()); };
  switch (value.type()) {
    case Type::string: return utf16_units(value.as_string());  // as the service counts
    case Type::binary: return count(value.as_binary());
    case Type::string_set: return count(value.as_string_set());
    case Type::number_set: return count(value.as_number_set());
    case Type::binary_set: return count(value.as_binary_set());
    case Type::list: return count(value.as_list());
    case Type::map: return count(value.as_map());
    default: return std::nullopt;
  }
}

class Evaluation {
 public:
  Evaluation(const Tree& tree, const Item& item) : tree_{tree}, item_{item} {}

  bool holds(NodeIndex index) const {
    const Node& node = tree_.nodes[index];
    switch (node.kind) {
      case Kind::conjunction: return !any_is(false, node);
      case Kind::disjunction: return any_is(true, node);
      case Kind::negation: return !holds(node.first_child);
      case Kind::between: return is_between(node);
      case Kind::in: return is_in(node);
      case Kind::call: return call_holds(node);
      default: return comparison_holds(node);
    }
  }

 private:
  // What an operand is worth: nothing, something that is kept elsewhere, or a size that is kept here.
  class Operand {
   public:
    Operand() = default;
    explicit Operand(const Value* value) : value_{value} {}
    explicit Operand(std::int64_t size) : size_{Value::number(size)}, is_size_{true} {}

    explicit operator bool() const { return is_size_ || value_ != nullptr; }
    const Value& operator*() const { return is_size_ ? size_ : *value_; }

   private:
    const Value* value_ = nullptr;
    Value size_;
    bool is_size_ = false;
  };

  NodeIndex next(NodeIndex index) const { return tree_.nodes[index].next; }

  bool any_is(bool wanted, const Node& parent) const {
    for (NodeIndex child = parent.first_child; child != no_node; child = next(child))
      if (holds(child) == wanted) return true;
    return false;
  }

  Operand operand(NodeIndex index) const {
    const Node& node = tree_.nodes[index];
    if (node.kind == Kind::path) return Operand{find(tree_.steps_of(node.path), item_)};
    if (node.kind == Kind::value) return Operand{&tree_.values[node.value]};
    QUIPU_ASSERT(node.kind == Kind::call && node.function == Function::size, "{}", to_string(node.kind));
    const Operand measured = operand(node.first_child);
    if (!measured) return {};
    const std::optional<std::int64_t> size = size_of(*measured);
    return size ? Operand{*size} : Operand{};
  }

  bool comparison_holds(const Node& node) const {
    const Operand left = operand(node.first_child);
    const Operand right = operand(next(node.first_child));
    const bool both = left && right;
    if (node.kind == Kind::equal) return both && *left == *right;
    // What is not there is not equal to anything.
    if (node.kind == Kind::not_equal) return !both || !(*left == *right);
    if (!both) return false;
    const auto order = compare(*left, *right);
    if (!order) return false;
    switch (node.kind) {
      case Kind::less: return *order < 0;
      case Kind::less_equal: return *order <= 0;
      case Kind::greater: return *order > 0;
      case Kind::greater_equal: return *order >= 0;
      default: break;
    }
    QUIPU_ASSERT(false, "{}", to_string(node.kind));
    return false;
  }

  bool is_between(const Node& node) const {
    const Operand tested = operand(node.first_child);
    const Operand lower = operand(next(node.first_child));
    const Operand upper = operand(next(next(node.first_child)));
    if (!tested || !lower || !upper) return false;
    const auto from_lower = compare(*lower, *tested);
    const auto to_upper = compare(*tested, *upper);
    return from_lower && to_upper && *from_lower <= 0 && *to_upper <= 0;
  }

  bool is_in(const Node& node) const {
    const Operand tested = operand(node.first_child);
    if (!tested) return false;
    for (NodeIndex child = next(node.first_child); child != no_node; child = next(child))
      if (const Operand member = operand(child); member && *tested == *member) return true;
    return false;
  }

  bool call_holds(const Node& node) const {
    const Operand first = operand(node.first_child);
    if (node.function == Function::attribute_exists) return static_cast<bool>(first);
    if (node.function == Function::attribute_not_exists) return !first;
    const Operand second = operand(next(node.first_child));
    if (!first || !second) return false;
    switch (node.function) {
      case Function::attribute_type: return dynamodb_name((*first).type()) == (*second).as_string();
      case Function::begins_with: return begins_with(*first, *second);
      case Function::contains: return contains(*first, *second);
      default: break;
    }
    QUIPU_ASSERT(false, "{}", to_string(node.function));
    return false;
  }

  static bool begins_with(const Value& text, const Value& beginning) {
    if (text.type() != beginning.type()) return false;
    if (text.is(Type::string)) return text.as_string().starts_with(beginning.as_string());
    return text.is(Type::binary) && text.as_binary().starts_with(beginning.as_binary());
  }

  const Tree& tree_;
  const Item& item_;
};

}  // namespace

const Value* find(std::span<const Step> steps, const Item& item) {
  const Value* value = item.find(steps.front().name);
  for (const Step& step : steps.subspan(1)) {
    if (value == nullptr) return nullptr;
    if (!step.is_index) {
      value = value->is(Type::map) ? value->as_map().find(step.name) : nullptr;
    } else {
      value = value->is(Type::list) && step.index < value->as_list().size() ? &value->as_list()[step.index] : nullptr;
    }
  }
  return value;
}

bool matches(const Tree& tree, NodeIndex node, const Item& item) {
  return Evaluation{tree, item}.holds(node);
}

namespace {

// In linear time, which std::string::find is not.
bool has_part(std::string_view text, std::string_view part) {
  return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

}  // namespace

bool contains(const Value& container, const Value& part) {
  const auto is_element = [](const auto& sorted, const auto& element) {
    return std::ranges::binary_search(sorted, element);
  };
  switch (container.type()) {
    case Type::string: return part.is(Type::string) && has_part(container.as_string(), part.as_string());
    case Type::binary: return part.is(Type::binary) && has_part(container.as_binary(), part.as_binary());
    case Type::string_set: return part.is(Type::string) && is_element(container.as_string_set(), part.as_string());
    case Type::number_set: return part.is(Type::number) && is_element(container.as_number_set(), part.as_number());
    case Type::binary_set: return part.is(Type::binary) && is_element(container.as_binary_set(), part.as_binary());
    case Type::list: return std::ranges::find(container.as_list(), part) != container.as_list().end();
    default: return false;
  }
}

}  // namespace quipu::expression
