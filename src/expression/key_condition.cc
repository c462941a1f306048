#include "expression/key_condition.h"

#include <algorithm>
#include <utility>

#include "expression/tree.h"

namespace quipu::expression {

namespace {

using SortOp = KeyCondition::SortOp;
using Part = KeyCondition::Part;

constexpr std::size_t parts_max = 2;

template <class... Args>
std::unexpected<Error> invalid(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::invalid_argument, format, std::forward<Args>(args)...);
}

std::optional<SortOp> op_of(const Node& node) {
  switch (node.kind) {
    case Kind::equal: return SortOp::equal;
    case Kind::less: return SortOp::less;
    case Kind::less_equal: return SortOp::less_equal;
    case Kind::greater: return SortOp::greater;
    case Kind::greater_equal: return SortOp::greater_equal;
    case Kind::between: return SortOp::between;
    case Kind::call:
      if (node.function == Function::begins_with) return SortOp::begins_with;
      return std::nullopt;
    default: return std::nullopt;
  }
}

// ":v < a" is "a > :v".
SortOp turned_round(SortOp op) {
  switch (op) {
    case SortOp::less: return SortOp::greater;
    case SortOp::less_equal: return SortOp::greater_equal;
    case SortOp::greater: return SortOp::less;
    case SortOp::greater_equal: return SortOp::less_equal;
    default: return op;
  }
}

std::string_view name_of(const Node& node) {
  return node.kind == Kind::call ? to_string(node.function) : to_string(node.kind);
}

// The conditions of an expression, which may be joined by nothing but AND.
class Parts {
 public:
  Parts(const Tree& tree, std::string_view partition_name, std::optional<std::string_view> sort_name)
      : tree_{tree}, partition_name_{partition_name}, sort_name_{sort_name} {}

  // Goes as deep as an expression has operators.
  Result<> read(NodeIndex index) {
    const Node& node = tree_.nodes[index];
    if (node.kind == Kind::conjunction) {
      QUIPU_CHECK(read(node.first_child));
      return read(tree_.nodes[node.first_child].next);
    }
    const std::optional<SortOp> op = op_of(node);
    if (!op) return invalid("Invalid operator used in KeyConditionExpression: {}", name_of(node));
    return read_part(node, *op);
  }

  std::vector<Part> take() { return std::move(parts_); }

 private:
  Result<> read_part(const Node& node, SortOp op) {
    Part part{.op = op};
    const Node* key = nullptr;
    std::size_t values = 0;
    for (NodeIndex child = node.first_child; child != no_node; child = tree_.nodes[child].next) {
      const Node& operand = tree_.nodes[child];
      if (operand.kind == Kind::call) return invalid("KeyConditionExpressions cannot contain nested operations");
      if (operand.kind == Kind::value) {
        (values++ == 0 ? part.first : part.second) = tree_.values[operand.value];
        continue;
      }
      if (key != nullptr)
        return invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition");
      key = &operand;
      QUIPU_CHECK(check_not_nested(operand.path));
    }
    if ((op == SortOp::between || op == SortOp::begins_with) && tree_.nodes[node.first_child].kind != Kind::path)
      return invalid(
          "Invalid condition in KeyConditionExpression: {} operator must have the key attribute as its first operand",
          name_of(node));
    if (key == nullptr) return invalid("Invalid condition in KeyConditionExpression: No key attribute specified");
    if (key != &tree_.nodes[node.first_child]) part.op = turned_round(op);
    part.attribute = tree_.first_step(key->path).name;
    if (std::ranges::find(parts_, part.attribute, &Part::attribute) != parts_.end())
      return invalid("KeyConditionExpressions must only contain one condition per key");
    parts_.push_back(std::move(part));
    return {};
  }

  Result<> check_not_nested(const Path& path) const {
    if (path.step_count == 1) return {};
    const std::string& name = tree_.first_step(path).name;
    if (name == partition_name_ || name == sort_name_)
      return invalid(
          "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: {}", name);
    return invalid("KeyConditionExpressions cannot have conditions on nested attributes");
  }

  const Tree& tree_;
  std::string_view partition_name_;
  std::optional<std::string_view> sort_name_;
  std::vector<Part> parts_;
};

Result<KeyCondition::Resolved> resolve_parts(std::span<const Part> parts, std::string_view partition_name,
                                             std::optional<std::string_view> sort_name) {
  if (parts.empty() || parts.size() > parts_max) return invalid("Conditions can be of length 1 or 2 only");
  const auto partition = std::ranges::find(parts, partition_name, &Part::attribute);
  if (!sort_name && parts.size() > 1) return invalid("Query key condition not supported");
  if (partition == parts.end()) return invalid("Query condition missed key schema element: {}", partition_name);
  if (partition->op != SortOp::equal) return invalid("Query key condition not supported");
  KeyCondition::Resolved resolved{.partition = partition->first};
  if (parts.size() == 1) return resolved;
  const Part& sort = partition == parts.begin() ? parts.back() : parts.front();
  if (sort.attribute != sort_name) return invalid("Query condition missed key schema element: {}", *sort_name);
  if (sort.op == SortOp::none) return invalid("Attempted conditional constraint is not an indexable operation");
  resolved.sort_op = sort.op;
  resolved.first = sort.first;
  resolved.second = sort.second;
  return resolved;
}

}  // namespace

Result<KeyCondition> KeyCondition::parse(std::string_view text, Placeholders& placeholders) {
  QUIPU_TRY(Condition condition, Condition::parse("KeyConditionExpression", text, placeholders));
  return KeyCondition{std::move(condition)};
}

Result<KeyCondition::Resolved> KeyCondition::resolve(std::string_view partition_name,
                                                     std::optional<std::string_view> sort_name) const {
  if (!condition_) return resolve_parts(parts_, partition_name, sort_name);
  Parts parts{condition_->tree(), partition_name, sort_name};
  QUIPU_CHECK(parts.read(condition_->root()));
  return resolve_parts(parts.take(), partition_name, sort_name);
}

}  // namespace quipu::expression
