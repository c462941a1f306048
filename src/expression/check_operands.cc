// The part of Check that knows what each operator and function takes.
#include <algorithm>
#include <array>
#include <string>

#include "expression/check.h"

namespace quipu::expression {

namespace {

using value::Type;

// The service lists these in an order that changes from one of its processes to the next; clients were seen to get
// these two.
constexpr std::string_view valid_type_names = "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}";
constexpr std::string_view operand_type_names = "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}";

bool has_order(Type type) {
  return type == Type::number || type == Type::string || type == Type::binary;
}

bool has_size(Type type) {
  return type != Type::number && type != Type::boolean && type != Type::null;
}

// As the service prints a bound of BETWEEN: it is written in Java and shows the buffer, not the bytes.
std::string bound_text(const value::Value& bound) {
  switch (bound.type()) {
    case Type::number: return fmt::format("AttributeValue: {{N:{}}}", bound.as_number().to_string());
    case Type::string: return fmt::format("AttributeValue: {{S:{}}}", bound.as_string());
    default:
      return fmt::format("AttributeValue: {{B:java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]}}",
                         bound.as_binary().size());
  }
}

}  // namespace

Check::Operand Check::operand(NodeIndex index) const {
  const Node& node = at(index);
  if (node.kind == Kind::value) return {.literal = &tree_.values[node.value]};
  return {.is_size = node.kind == Kind::call && node.function == Function::size};
}

Result<> Check::operands(NodeIndex index) const {
  switch (at(index).kind) {
    case Kind::equal:
    case Kind::not_equal: return distinct(index);
    case Kind::less:
    case Kind::less_equal:
    case Kind::greater:
    case Kind::greater_equal: return comparison(index);
    case Kind::between: return between(index);
    case Kind::in: return in(index);
    case Kind::call: return call(index);
    case Kind::plus:
    case Kind::minus: return sum(index);
    default: return {};
  }
}

Result<> Check::comparison(NodeIndex index) const {
  for (NodeIndex child = at(index).first_child; child != no_node; child = at(child).next)
    if (const Operand known = operand(child); known.has_type() && !has_order(known.type()))
      return wrong_type(to_string(at(index).kind), known.type());
  return distinct(index);
}

Result<> Check::between(NodeIndex index) const {
  QUIPU_CHECK(comparison(index));
  const NodeIndex lower_index = at(at(index).first_child).next;
  const value::Value* const lower = operand(lower_index).literal;
  const value::Value* const upper = operand(at(lower_index).next).literal;
  if (lower == nullptr || upper == nullptr) return {};
  const auto order = compare(*lower, *upper);
  if (order && *order <= 0) return {};
  return invalid(
      "The BETWEEN operator requires {}; lower bound operand: {}, upper bound operand: {}",
      order ? "upper bound to be greater than or equal to lower bound" : "same data type for lower and upper bounds",
      bound_text(*lower), bound_text(*upper));
}

Result<> Check::in(NodeIndex index) const {
  std::size_t count = 0;
  for (NodeIndex child = at(at(index).first_child).next; child != no_node; child = at(child).next) ++count;
  if (count > in_operands_max)
    return invalid("The IN operator is provided with too many operands; number of operands: {}", count);
  return distinct(index);
}

Result<> Check::call(NodeIndex index) const {
  const Node& node = at(index);
  std::size_t count = 0;
  for (NodeIndex child = node.first_child; child != no_node; child = at(child).next) ++count;
  const bool takes_one = node.function == Function::attribute_exists ||
                         node.function == Function::attribute_not_exists || node.function == Function::size;
  if (count != (takes_one ? 1U : 2U))
    return invalid(
        "Incorrect number of operands for operator or function; operator or function: {}, number of operands: {}",
        to_string(node.function), count);
  if (node.function != Function::list_append) QUIPU_CHECK(distinct(index));
  return call_operands(node);
}

Result<> Check::call_operands(const Node& call) const {
  const std::string_view name = to_string(call.function);
  const Operand first = operand(call.first_child);
  switch (call.function) {
    case Function::attribute_exists:
    case Function::attribute_not_exists:
    case Function::if_not_exists:
      if (at(call.first_child).kind == Kind::path) return {};
      return invalid("Operator or function requires a document path; operator or function: {}", name);
    case Function::size:
      if (first.has_type() && !has_size(first.type())) return wrong_type(name, first.type());
      return {};
    case Function::attribute_type: return attribute_type(call);
    case Function::begins_with:
      for (NodeIndex child = call.first_child; child != no_node; child = at(child).next)
        if (const Operand known = operand(child);
            known.has_type() && known.type() != Type::string && known.type() != Type::binary)
          return wrong_type(name, known.type());
      return {};
    case Function::list_append:
      for (NodeIndex child = call.first_child; child != no_node; child = at(child).next)
        if (const Operand known = operand(child); known.has_type() && known.type() != Type::list)
          return wrong_type(name, known.type());
      return {};
    case Function::contains:
    case Function::unknown: break;
  }
  return {};
}

Result<> Check::attribute_type(const Node& call) const {
  const Operand type = operand(at(call.first_child).next);
  if (!type.has_type())
    return invalid("Incorrect operand type for operator or function; operator or function: {}, operand type: {}",
                   to_string(call.function), operand_type_names);
  if (type.type() != Type::string) return wrong_type(to_string(call.function), type.type());
  const std::string& name = type.literal->as_string();
  if (type_of(name)) return {};
  return invalid("Invalid attribute type name found; type: {}, valid types: {}", name, valid_type_names);
}

Result<> Check::sum(NodeIndex index) const {
  for (NodeIndex child = at(index).first_child; child != no_node; child = at(child).next)
    if (const Operand known = operand(child); known.has_type() && known.type() != Type::number)
      return wrong_type(to_string(at(index).kind), known.type());
  return {};
}

Result<> Check::distinct(NodeIndex index) const {
  const Node& parent = at(index);
  const Node& first = at(parent.first_child);
  if (first.kind != Kind::path) return {};
  const std::span<const Step> steps = tree_.steps_of(first.path);
  for (NodeIndex child = first.next; child != no_node; child = at(child).next)
    if (at(child).kind == Kind::path && std::ranges::equal(steps, tree_.steps_of(at(child).path)))
      return invalid(
          "The first operand must be distinct from the remaining operands for this operator or function; operator: {}, "
          "first operand: {}",
          parent.kind == Kind::call ? to_string(parent.function) : to_string(parent.kind), to_string(steps));
  return {};
}

}  // namespace quipu::expression
