#include "expression/legacy.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "expression/tree.h"

namespace quipu::expression {

namespace {

using value::Type;
using value::Value;

enum class Operator : std::uint8_t {
  equal,
  not_equal,
  less_equal,
  less,
  greater_equal,
  greater,
  not_null,
  null,
  contains,
  not_contains,
  begins_with,
  in,
  between,
};

// What an operator takes. Lists, maps and sets are only for EQ and NE; `any_scalar` also has no order.
enum class Takes : std::uint8_t { nothing, anything, ordered, text, scalar };

struct OperatorFacts {
  std::string_view name;
  Operator op;
  Takes takes;
};

constexpr auto operators = std::to_array<OperatorFacts>({
    {"EQ", Operator::equal, Takes::anything},
    {"NE", Operator::not_equal, Takes::anything},
    {"LE", Operator::less_equal, Takes::ordered},
    {"LT", Operator::less, Takes::ordered},
    {"GE", Operator::greater_equal, Takes::ordered},
    {"GT", Operator::greater, Takes::ordered},
    {"NOT_NULL", Operator::not_null, Takes::nothing},
    {"NULL", Operator::null, Takes::nothing},
    {"CONTAINS", Operator::contains, Takes::scalar},
    {"NOT_CONTAINS", Operator::not_contains, Takes::scalar},
    {"BEGINS_WITH", Operator::begins_with, Takes::text},
    {"IN", Operator::in, Takes::ordered},
    {"BETWEEN", Operator::between, Takes::ordered},
});

template <class... Args>
std::unexpected<Error> invalid(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::invalid_argument, "One or more parameter values were invalid: {}",
              fmt::format(format, std::forward<Args>(args)...));
}

bool takes(Takes what, Type type) {
  const bool text = type == Type::string || type == Type::binary;
  const bool ordered = text || type == Type::number;
  switch (what) {
    case Takes::nothing: return false;
    case Takes::anything: return true;
    case Takes::ordered: return ordered;
    case Takes::text: return text;
    case Takes::scalar: return ordered || type == Type::boolean || type == Type::null;
  }
  return false;
}

bool count_fits(Operator op, std::size_t count) {
  switch (op) {
    case Operator::null:
    case Operator::not_null: return count == 0;
    case Operator::between: return count == 2;
    case Operator::in: return count != 0;
    default: return count == 1;
  }
}

Result<Operator> check(const LegacyComparison& comparison) {
  const auto facts = std::ranges::find(operators, comparison.op, &OperatorFacts::name);
  if (facts == operators.end()) return fail(ErrorCode::invalid_argument, "Comparison type does not exist in DynamoDB");
  const std::vector<Value>& values = comparison.values;
  if (!count_fits(facts->op, values.size()))
    return invalid("Invalid number of argument(s) for the {} ComparisonOperator", comparison.op);
  for (const Value& value : values)
    if (value.type() != values.front().type())
      return invalid("AttributeValues inside AttributeValueList must be of same type");
  if (!values.empty() && !takes(facts->takes, values.front().type()))
    return invalid("ComparisonOperator {} is not valid for {} AttributeValue type", comparison.op,
                   dynamodb_name(values.front().type()));
  if (facts->op == Operator::between && *compare(values[0], values[1]) > 0)
    return fail(ErrorCode::invalid_argument,
                "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
  return facts->op;
}

// All comparisons below one node, whose depth does not grow with their number.
class TreeOfComparisons {
 public:
  Result<> add(LegacyComparison comparison) {
    QUIPU_TRY(const Operator op, check(comparison));
    const NodeIndex node = node_of(op, std::move(comparison));
    (first_ == no_node ? first_ : tree_.nodes[last_].next) = node;
    last_ = node;
    return {};
  }

  Condition take(bool any) {
    const NodeIndex root = tree_.add_parent_of_list(any ? Kind::disjunction : Kind::conjunction, first_);
    return Condition{std::move(tree_), root};
  }

 private:
  NodeIndex call(Function function, NodeIndex path) {
    return tree_.add({.kind = Kind::call, .function = function, .first_child = path});
  }

  NodeIndex node_of(Operator op, LegacyComparison comparison) {
    const NodeIndex path = tree_.add_path(comparison.attribute);
    NodeIndex last = path;
    for (Value& value : comparison.values) {
      const NodeIndex node = tree_.add_value(std::move(value));
      tree_.nodes[last].next = node;
      last = node;
    }
    switch (op) {
      case Operator::equal: return parent(Kind::equal, path);
      case Operator::not_equal: return parent(Kind::not_equal, path);
      case Operator::less_equal: return parent(Kind::less_equal, path);
      case Operator::less: return parent(Kind::less, path);
      case Operator::greater_equal: return parent(Kind::greater_equal, path);
      case Operator::greater: return parent(Kind::greater, path);
      case Operator::in: return parent(Kind::in, path);
      case Operator::between: return parent(Kind::between, path);
      case Operator::not_null: return call(Function::attribute_exists, path);
      case Operator::null: return call(Function::attribute_not_exists, path);
      case Operator::begins_with: return call(Function::begins_with, path);
      case Operator::contains: return call(Function::contains, path);
      case Operator::not_contains: {
        // Unlike NOT contains(...) it does not hold where there is no attribute.
        const NodeIndex without = tree_.add_parent(Kind::negation, {call(Function::contains, path)});
        const NodeIndex exists = call(Function::attribute_exists, tree_.add_path(comparison.attribute));
        return tree_.add_parent(Kind::conjunction, {exists, without});
      }
    }
    std::unreachable();
  }

  NodeIndex parent(Kind kind, NodeIndex path) { return tree_.add_parent_of_list(kind, path); }

  Tree tree_;
  NodeIndex first_ = no_node;
  NodeIndex last_ = no_node;
};

// The part of an Expected that must not be there together with another.
Result<> check_together(const ExpectedAttribute& expected) {
  const std::string& name = expected.attribute;
  if (expected.values && expected.value)
    return invalid("Value and AttributeValueList cannot be used together for Attribute: {}", name);
  if (expected.op) {
    if (expected.exists)
      return invalid("Exists and ComparisonOperator cannot be used together for Attribute: {}", name);
    const bool needs_none = *expected.op == "NULL" || *expected.op == "NOT_NULL";
    const bool known = std::ranges::find(operators, *expected.op, &OperatorFacts::name) != operators.end();
    if (known && !needs_none && !expected.value && !expected.values)
      return invalid("Value or AttributeValueList must be used with ComparisonOperator: {} for Attribute: {}",
                     *expected.op, name);
    return {};
  }
  if (expected.values)
    return invalid("AttributeValueList can only be used with a ComparisonOperator for Attribute: {}", name);
  if (!expected.exists.value_or(true)) {
    if (expected.value) return invalid("Value cannot be used when Exists is false for Attribute: {}", name);
  } else if (!expected.value) {
    return invalid("Value must be provided when Exists is {} for Attribute: {}", expected.exists ? "true" : "null",
                   name);
  }
  return {};
}

Result<Section> section_of(const LegacyUpdate& update) {
  if (!update.value) {
    if (update.action == "DELETE") return Section::remove;
    return invalid("Only DELETE action is allowed when no attribute value is specified");
  }
  const Type type = update.value->type();
  const bool is_set = type == Type::string_set || type == Type::number_set || type == Type::binary_set;
  if (update.action == "PUT") return Section::set;
  if (update.action == "ADD") {
    if (is_set || type == Type::number || type == Type::list) return Section::add;
    return invalid("ADD action is not supported for the type {}", value::dynamodb_name(type));
  }
  if (update.action != "DELETE")
    return fail(ErrorCode::invalid_argument, "Member must satisfy enum value set: [ADD, DELETE, PUT]");
  if (is_set) return Section::erase;
  return invalid("DELETE action with value is not supported for the type {}", value::dynamodb_name(type));
}

KeyCondition::SortOp sort_op_of(Operator op) {
  using enum KeyCondition::SortOp;
  switch (op) {
    case Operator::equal: return equal;
    case Operator::less: return less;
    case Operator::less_equal: return less_equal;
    case Operator::greater: return greater;
    case Operator::greater_equal: return greater_equal;
    case Operator::between: return between;
    case Operator::begins_with: return begins_with;
    default: return none;
  }
}

}  // namespace

Result<std::vector<LegacyComparison>> comparisons_of(std::vector<ExpectedAttribute> expected) {
  std::vector<LegacyComparison> comparisons;
  for (ExpectedAttribute& attribute : expected) {
    QUIPU_CHECK(check_together(attribute));
    LegacyComparison comparison{.attribute = std::move(attribute.attribute), .op = "EQ"};
    if (attribute.op)
      comparison.op = *std::move(attribute.op);
    else if (!attribute.exists.value_or(true))
      comparison.op = "NULL";
    if (attribute.values) comparison.values = *std::move(attribute.values);
    if (attribute.value) comparison.values.push_back(*std::move(attribute.value));
    comparisons.push_back(std::move(comparison));
  }
  return comparisons;
}

Result<Condition> condition_of(std::vector<LegacyComparison> comparisons, bool any) {
  QUIPU_ASSERT(!comparisons.empty(), "");
  TreeOfComparisons tree;
  for (LegacyComparison& comparison : comparisons) QUIPU_CHECK(tree.add(std::move(comparison)));
  return tree.take(any);
}

Result<Update> update_of(std::vector<LegacyUpdate> updates) {
  Tree tree;
  std::vector<Action> actions;
  for (LegacyUpdate& update : updates) {
    QUIPU_TRY(const Section section, section_of(update));
    const NodeIndex path = tree.add_path(update.attribute);
    const NodeIndex operand = update.value ? tree.add_value(*std::move(update.value)) : no_node;
    actions.push_back(
        {.section = section, .opens_section = false, .target = tree.nodes[path].path, .operand = operand});
  }
  return Update{std::move(tree), std::move(actions), Update::Dialect::attribute_updates};
}

Result<KeyCondition> key_condition_of(std::vector<LegacyComparison> comparisons) {
  std::vector<KeyCondition::Part> parts;
  for (LegacyComparison& comparison : comparisons) {
    QUIPU_TRY(const Operator op, check(comparison));
    KeyCondition::Part part{.attribute = std::move(comparison.attribute), .op = sort_op_of(op)};
    if (!comparison.values.empty()) part.first = std::move(comparison.values.front());
    if (comparison.values.size() > 1) part.second = std::move(comparison.values.back());
    parts.push_back(std::move(part));
  }
  return KeyCondition{std::move(parts)};
}

}  // namespace quipu::expression
