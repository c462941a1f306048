#include "aws/partiql_keys.h"

#include <algorithm>
#include <utility>

#include "aws/item_rules.h"

namespace quipu::aws::partiql {

namespace {

using expression::Function;
using expression::Kind;
using expression::no_node;
using expression::Node;
using expression::NodeIndex;
using expression::Tree;
using table::SortOperator;
using value::Value;

// A conjunct that compares an attribute with values.
struct Test {
  enum class Op : std::uint8_t {
    other,
    unbounded,
    equal,
    less,
    less_equal,
    greater,
    greater_equal,
    between,
    begins_with,
    in
  };
  Op op = Op::other;
  std::string attribute;
  std::vector<const Value*> values;
};

Test::Op op_of(Kind kind, bool turned) {
  using enum Test::Op;
  switch (kind) {
    case Kind::equal: return equal;
    case Kind::less: return turned ? greater : less;
    case Kind::less_equal: return turned ? greater_equal : less_equal;
    case Kind::greater: return turned ? less : greater;
    case Kind::greater_equal: return turned ? less_equal : greater_equal;
    case Kind::between: return between;
    case Kind::in: return in;
    case Kind::not_equal: return unbounded;
    default: return other;
  }
}

Test comparison_of(const Tree& tree, NodeIndex index) {
  const Node& node = tree.nodes[index];
  std::vector<const Node*> children;
  for (NodeIndex child = node.first_child; child != no_node; child = tree.nodes[child].next)
    children.push_back(&tree.nodes[child]);
  if (children.size() < 2) return {};
  Test test{.op = op_of(node.kind, false), .attribute = {}, .values = {}};
  if (node.kind == Kind::call && node.function == Function::begins_with) test.op = Test::Op::begins_with;
  if (node.kind == Kind::call && node.function == Function::contains) test.op = Test::Op::unbounded;
  const bool symmetric = children.size() == 2 && node.kind != Kind::in && node.kind != Kind::call;
  if (symmetric && children[0]->kind == Kind::value) {
    test.op = op_of(node.kind, true);
    std::swap(children[0], children[1]);
  }
  if (children[0]->kind != Kind::path || children[0]->path.step_count != 1) return {};
  test.attribute = tree.first_step(children[0]->path).name;
  for (std::size_t i = 1; i < children.size(); ++i) {
    if (children[i]->kind != Kind::value) return {};
    test.values.push_back(&tree.values[children[i]->value]);
  }
  return test;
}

// What stands between the ANDs, or between the ORs, in its order.
std::vector<NodeIndex> parts_of(const Tree& tree, NodeIndex root, Kind kind) {
  std::vector<NodeIndex> parts;
  std::vector<NodeIndex> open;
  if (root != no_node) open.push_back(root);
  while (!open.empty()) {
    const NodeIndex index = open.back();
    open.pop_back();
    const Node& node = tree.nodes[index];
    if (node.kind != kind) {
      parts.push_back(index);
      continue;
    }
    open.push_back(tree.nodes[node.first_child].next);
    open.push_back(node.first_child);
  }
  return parts;
}

// "a = 1 OR a = 2" is "a IN [1, 2]"; and of NOT only the types matter.
Test test_of(const Tree& tree, NodeIndex index) {
  const Node& node = tree.nodes[index];
  if (node.kind == Kind::negation) {
    Test test = comparison_of(tree, node.first_child);
    if (test.op != Test::Op::other) test.op = Test::Op::unbounded;
    return test;
  }
  if (node.kind != Kind::disjunction) return comparison_of(tree, index);
  Test all{.op = Test::Op::in, .attribute = {}, .values = {}};
  for (const NodeIndex part : parts_of(tree, index, Kind::disjunction)) {
    const Test test = comparison_of(tree, part);
    const bool fixes = test.op == Test::Op::equal || test.op == Test::Op::in;
    if (!fixes || (!all.attribute.empty() && all.attribute != test.attribute)) return {};
    all.attribute = test.attribute;
    all.values.insert(all.values.end(), test.values.begin(), test.values.end());
  }
  return all;
}

// Nothing if there is none left.
std::optional<expression::Condition> condition_of(Tree&& tree, const std::vector<NodeIndex>& conjuncts) {
  if (conjuncts.empty()) return std::nullopt;
  NodeIndex root = conjuncts.front();
  for (std::size_t i = 1; i < conjuncts.size(); ++i) root = tree.add_parent(Kind::conjunction, {root, conjuncts[i]});
  return expression::Condition{std::move(tree), root};
}

Answer<> check_key_value(const table::KeyAttribute& key, const Value& value) {
  if (value::dynamodb_name(value.type()) != type_name(key.type))
    return validation("Key attribute's data type should match its data type in table's schema: Key {}", key.name);
  return check_key_not_empty(key, value);
}

// Of the conditions on the sort key, the one that bounds the rows best. `used` are the conjuncts that it replaces.
class SortBounds {
 public:
  void add(NodeIndex node, Test test) {
    using enum Test::Op;
    switch (test.op) {
      case equal: take(equal_, node, std::move(test)); break;
      case between: take(between_, node, std::move(test)); break;
      case begins_with: take(begins_with_, node, std::move(test)); break;
      case greater:
      case greater_equal: take(lower_, node, std::move(test)); break;
      case less:
      case less_equal: take(upper_, node, std::move(test)); break;
      case in:
      case unbounded:
      case other: break;
    }
  }

  table::SortCondition choose(std::vector<NodeIndex>& used) const {
    if (equal_.node != no_node) return one(equal_, SortOperator::equal, used);
    if (between_.node != no_node) {
      used.push_back(between_.node);
      return {.op = SortOperator::between, .first = *between_.test.values[0], .second = *between_.test.values[1]};
    }
    if (begins_with_.node != no_node) return one(begins_with_, SortOperator::begins_with, used);
    const bool both = lower_.node != no_node && upper_.node != no_node;
    if (both && *compare(*lower_.test.values[0], *upper_.test.values[0]) <= 0) return both_bounds(used);
    if (lower_.node != no_node)
      return one(lower_, lower_.test.op == Test::Op::greater ? SortOperator::greater : SortOperator::greater_or_equal,
                 used);
    if (upper_.node != no_node)
      return one(upper_, upper_.test.op == Test::Op::less ? SortOperator::less : SortOperator::less_or_equal, used);
    return {};
  }

 private:
  struct Bound {
    NodeIndex node = no_node;
    Test test;
  };

  // What comes second on the same side stays a filter.
  static void take(Bound& bound, NodeIndex node, Test test) {
    if (bound.node == no_node) bound = {.node = node, .test = std::move(test)};
  }

  static table::SortCondition one(const Bound& bound, SortOperator op, std::vector<NodeIndex>& used) {
    used.push_back(bound.node);
    return {.op = op, .first = *bound.test.values[0]};
  }

  // The bounds themselves belong to BETWEEN: where they must not be, the conjunct stays too.
  table::SortCondition both_bounds(std::vector<NodeIndex>& used) const {
    if (lower_.test.op == Test::Op::greater_equal) used.push_back(lower_.node);
    if (upper_.test.op == Test::Op::less_equal) used.push_back(upper_.node);
    return {.op = SortOperator::between, .first = *lower_.test.values[0], .second = *upper_.test.values[0]};
  }

  Bound equal_;
  Bound between_;
  Bound begins_with_;
  Bound lower_;
  Bound upper_;
};

Answer<std::vector<Value>> partitions_of(const table::KeyAttribute& key, const Test& test) {
  std::vector<Value> partitions;
  for (const Value* value : test.values) {
    QUIPU_CHECK(check_key_value(key, *value));
    if (std::ranges::find(partitions, *value) == partitions.end()) partitions.push_back(*value);
  }
  return partitions;
}

// A condition that bounds no rows must still suit the types of keys.
Answer<> check_other_types(const table::TableSchema& schema, const table::IndexSchema* index, const Test& test) {
  std::vector<const table::KeyAttribute*> keys{&schema.partition_key};
  if (schema.sort_key) keys.push_back(&*schema.sort_key);
  if (index != nullptr) keys.push_back(&index->partition_key);
  if (index != nullptr && index->sort_key) keys.push_back(&*index->sort_key);
  for (const table::KeyAttribute* key : keys)
    for (const Value* value : test.values)
      if (key->name == test.attribute && value::dynamodb_name(value->type()) != type_name(key->type))
        return invalid_values("Condition parameter type does not match schema type");
  return {};
}

}  // namespace

Answer<std::optional<SingleKey>> single_key(const table::TableSchema& schema, Statement& statement) {
  SingleKey single;
  std::vector<NodeIndex> rest;
  for (const NodeIndex conjunct : parts_of(statement.condition, statement.where, Kind::conjunction)) {
    const Test test = test_of(statement.condition, conjunct);
    const bool is_partition = test.attribute == schema.partition_key.name;
    const bool is_sort = schema.sort_key && test.attribute == schema.sort_key->name;
    if (test.op != Test::Op::equal || !(is_partition || is_sort)) {
      rest.push_back(conjunct);
      continue;
    }
    const Value& value = *test.values.front();
    QUIPU_CHECK(check_key_value(is_partition ? schema.partition_key : *schema.sort_key, value));
    const Value* const before = single.key.find(test.attribute);
    if (before != nullptr && !(*before == value)) single.conflicting = test.attribute;
    single.key.set(test.attribute, value);
  }
  if (single.key.size() != (schema.sort_key ? 2U : 1U)) return std::nullopt;
  single.condition = condition_of(std::move(statement.condition), rest);
  return single;
}

Answer<KeyBounds> key_bounds(const table::TableSchema& schema, const table::IndexSchema* index, Statement& statement) {
  const table::KeyAttribute& partition = index != nullptr ? index->partition_key : schema.partition_key;
  const auto& sort = index != nullptr ? index->sort_key : schema.sort_key;
  KeyBounds bounds;
  SortBounds of_sort_key;
  std::vector<NodeIndex> used;
  const std::vector<NodeIndex> conjuncts = parts_of(statement.condition, statement.where, Kind::conjunction);
  for (const NodeIndex conjunct : conjuncts) {
    Test test = test_of(statement.condition, conjunct);
    if (test.op == Test::Op::other) continue;
    const bool of_alternatives = statement.condition.nodes[conjunct].kind == Kind::disjunction;
    const bool fixes = test.op == Test::Op::equal || test.op == Test::Op::in;
    if (test.attribute == partition.name && fixes) {
      QUIPU_TRY(auto partitions, partitions_of(partition, test));
      if (!bounds.partitions.empty()) continue;
      bounds.partitions = std::move(partitions);
      used.push_back(conjunct);
    } else if (sort && test.attribute == sort->name && test.op != Test::Op::in && test.op != Test::Op::unbounded) {
      for (const Value* value : test.values) QUIPU_CHECK(check_key_value(*sort, *value));
      of_sort_key.add(conjunct, std::move(test));
    } else if (!of_alternatives) {
      QUIPU_CHECK(check_other_types(schema, index, test));
    }
  }
  // Without a partition the sort key bounds nothing.
  if (!bounds.partitions.empty()) bounds.sort = of_sort_key.choose(used);
  std::vector<NodeIndex> rest;
  for (const NodeIndex conjunct : conjuncts)
    if (std::ranges::find(used, conjunct) == used.end()) rest.push_back(conjunct);
  bounds.filter = condition_of(std::move(statement.condition), rest);
  return bounds;
}

}  // namespace quipu::aws::partiql
