#include "expression/new_values.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "expression/evaluation.h"

namespace quipu::expression {

namespace {

using value::Number;
using value::Type;
using value::Value;

std::unexpected<Error> not_in_item() {
  return fail(ErrorCode::invalid_argument,
              "The provided expression refers to an attribute that does not exist in the item");
}

std::unexpected<Error> invalid_path() {
  return fail(ErrorCode::invalid_argument, "The document path provided in the update expression is invalid for update");
}

bool is_set(Type type) {
  return type == Type::string_set || type == Type::number_set || type == Type::binary_set;
}

// Sets are sorted, so the standard's algorithms work on them.
template <class Element>
std::vector<Element> united(const std::vector<Element>& a, const std::vector<Element>& b) {
  std::vector<Element> result;
  result.reserve(a.size() + b.size());
  std::ranges::set_union(a, b, std::back_inserter(result));
  return result;
}

template <class Element>
std::vector<Element> reduced(const std::vector<Element>& a, const std::vector<Element>& b) {
  std::vector<Element> result;
  result.reserve(a.size());
  std::ranges::set_difference(a, b, std::back_inserter(result));
  return result;
}

Result<Value> united_set(const Value& a, const Value& b) {
  switch (a.type()) {
    case Type::string_set: return Value::string_set(united(a.as_string_set(), b.as_string_set()));
    case Type::number_set: return Value::number_set(united(a.as_number_set(), b.as_number_set()));
    default: return Value::binary_set(united(a.as_binary_set(), b.as_binary_set()));
  }
}

template <class Element>
Result<Outcome> reduced_outcome(std::vector<Element> rest, Result<Value> (*make)(std::vector<Element>)) {
  if (rest.empty()) return Outcome{.effect = Outcome::Effect::remove};
  QUIPU_TRY(Value set, make(std::move(rest)));
  return Outcome{.effect = Outcome::Effect::set, .value = std::move(set)};
}

Value appended(const Value& front, const Value& back) {
  Value::List elements;
  elements.reserve(front.as_list().size() + back.as_list().size());
  elements.insert(elements.end(), front.as_list().begin(), front.as_list().end());
  elements.insert(elements.end(), back.as_list().begin(), back.as_list().end());
  return Value::list(std::move(elements));
}

}  // namespace

std::unexpected<Error> NewValues::type_mismatch() const {
  if (attribute_updates_) return fail(ErrorCode::invalid_argument, "Type mismatch for attribute to update");
  return fail(ErrorCode::invalid_argument, "An operand in the update expression has an incorrect data type");
}

Result<> NewValues::check_target(const Path& path) const {
  if (path.step_count == 1) return {};
  const std::span<const Step> steps = tree_.steps_of(path);
  const Value* const container = find(steps.first(steps.size() - 1), before_);
  if (container == nullptr || !container->is(steps.back().is_index ? Type::list : Type::map)) return invalid_path();
  return {};
}

Result<Outcome> NewValues::of(const Action& action) const {
  QUIPU_CHECK(check_target(action.target));
  if (action.section == Section::set) {
    QUIPU_TRY(Value value, assigned(action.operand));
    return Outcome{.effect = Outcome::Effect::set, .value = std::move(value)};
  }
  const Value* const old = find(tree_.steps_of(action.target), before_);
  if (action.section == Section::remove)
    return Outcome{.effect = old == nullptr ? Outcome::Effect::nothing : Outcome::Effect::remove};
  const Value& operand = tree_.values[tree_.nodes[action.operand].value];
  return action.section == Section::add ? added(old, operand) : without(old, operand);
}

Result<Value> NewValues::assigned(NodeIndex index) const {
  const Node& node = tree_.nodes[index];
  switch (node.kind) {
    case Kind::value: return tree_.values[node.value];
    case Kind::path: {
      const Value* const value = find(tree_.steps_of(node.path), before_);
      if (value == nullptr) return not_in_item();
      return *value;
    }
    case Kind::call: return call(node);
    case Kind::plus:
    case Kind::minus: return sum(node);
    default: break;
  }
  QUIPU_ASSERT(false, "{}", to_string(node.kind));
  return Value{};
}

Result<Value> NewValues::sum(const Node& node) const {
  QUIPU_TRY(const Value left, assigned(node.first_child));
  if (!left.is(Type::number)) return type_mismatch();
  QUIPU_TRY(const Value right, assigned(tree_.nodes[node.first_child].next));
  if (!right.is(Type::number)) return type_mismatch();
  QUIPU_TRY(const Number result, node.kind == Kind::plus ? add(left.as_number(), right.as_number())
                                                         : subtract(left.as_number(), right.as_number()));
  return Value::number(result);
}

Result<Value> NewValues::call(const Node& node) const {
  const NodeIndex second = tree_.nodes[node.first_child].next;
  if (node.function == Function::if_not_exists) {
    const Value* const value = find(tree_.steps_of(tree_.nodes[node.first_child].path), before_);
    // The service looks for what the second operand names even if it is not needed.
    QUIPU_TRY(Value otherwise, assigned(second));
    if (value != nullptr) return *value;
    return otherwise;
  }
  QUIPU_ASSERT(node.function == Function::list_append, "{}", to_string(node.function));
  QUIPU_TRY(const Value front, assigned(node.first_child));
  if (!front.is(Type::list)) return type_mismatch();
  QUIPU_TRY(const Value back, assigned(second));
  if (!back.is(Type::list)) return type_mismatch();
  return appended(front, back);
}

Result<Outcome> NewValues::added(const Value* old, const Value& operand) const {
  if (old == nullptr) return Outcome{.effect = Outcome::Effect::set, .value = operand};
  if (old->type() != operand.type()) return type_mismatch();
  Outcome outcome{.effect = Outcome::Effect::set};
  if (operand.is(Type::number)) {
    QUIPU_TRY(const Number result, add(old->as_number(), operand.as_number()));
    outcome.value = Value::number(result);
  } else if (operand.is(Type::list)) {
    outcome.value = appended(*old, operand);
  } else {
    QUIPU_ASSERT(is_set(operand.type()), "{}", dynamodb_name(operand.type()));
    QUIPU_TRY(outcome.value, united_set(*old, operand));
  }
  return outcome;
}

Result<Outcome> NewValues::without(const Value* old, const Value& operand) const {
  if (old == nullptr) return Outcome{};
  if (old->type() != operand.type()) return type_mismatch();
  switch (operand.type()) {
    case Type::string_set:
      return reduced_outcome(reduced(old->as_string_set(), operand.as_string_set()), &Value::string_set);
    case Type::number_set:
      return reduced_outcome(reduced(old->as_number_set(), operand.as_number_set()), &Value::number_set);
    default: return reduced_outcome(reduced(old->as_binary_set(), operand.as_binary_set()), &Value::binary_set);
  }
}

}  // namespace quipu::expression
