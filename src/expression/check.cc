#include "expression/check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "expression/reserved_words.h"

namespace quipu::expression {

std::unexpected<Error> Check::wrong_type(std::string_view name, value::Type type) const {
  return invalid("Incorrect operand type for operator or function; operator or function: {}, operand type: {}", name,
                 dynamodb_name(type));
}

Result<> check_size(std::string_view parameter, std::string_view text) {
  if (text.empty()) return fail(ErrorCode::invalid_argument, "Invalid {}: The expression can not be empty;", parameter);
  if (text.size() <= expression_bytes_max) return {};
  // A projection's size is not told.
  if (parameter == "ProjectionExpression")
    return fail(ErrorCode::invalid_argument, "Invalid {}: Expression size has exceeded the maximum allowed size;",
                parameter);
  return fail(ErrorCode::invalid_argument,
              "Invalid {}: Expression size has exceeded the maximum allowed size; expression size: {}", parameter,
              text.size());
}

Check::Check(std::string_view parameter, std::string_view text, Syntax& syntax, Placeholders& placeholders)
    : parameter_{parameter}, text_{text}, tree_{syntax.tree()}, placeholders_{placeholders} {}

Result<> Check::condition(NodeIndex root) {
  QUIPU_CHECK(names(root, Use::condition));
  QUIPU_CHECK(resolve(root));
  return operator_count();
}

Result<> Check::update(std::span<const Action> actions) {
  for (const Action& action : actions) {
    QUIPU_CHECK(steps(action.target));
    if (action.section == Section::set) QUIPU_CHECK(names(action.operand, Use::assigned));
  }
  QUIPU_CHECK(sections(actions));
  std::vector<Path> paths(actions.size());
  std::ranges::transform(actions, paths.begin(), &Action::target);
  QUIPU_CHECK(targets(paths));
  // The service goes backwards.
  for (std::size_t i = actions.size(); i-- > 0;) QUIPU_CHECK(resolve_action(actions[i]));
  return operator_count();
}

Result<> Check::projection(std::span<const Path> paths) {
  for (const Path& path : paths) QUIPU_CHECK(steps(path));
  return targets(paths);
}

Result<> Check::names(NodeIndex index, Use use) const {
  const Node& node = at(index);
  if (node.kind == Kind::path) return steps(node.path);
  if (node.kind == Kind::call) QUIPU_CHECK(function_name(node, use));
  const bool of_conditions =
      node.kind == Kind::conjunction || node.kind == Kind::disjunction || node.kind == Kind::negation;
  for (NodeIndex child = node.first_child; child != no_node; child = at(child).next)
    QUIPU_CHECK(names(child, of_conditions ? Use::condition : Use::operand));
  return {};
}

Result<> Check::function_name(const Node& call, Use use) const {
  const std::string_view name = text_of(call);
  const bool for_update = call.function == Function::if_not_exists || call.function == Function::list_append;
  const bool in_update = parameter_ == "UpdateExpression";
  if (call.function == Function::unknown) return invalid("Invalid function name; function: {}", name);
  if (for_update != in_update)
    return invalid("The function is not allowed in {} expression; function: {}",
                   in_update ? "an update" : "a condition", name);
  // list_append stands alone, size is an operand, if_not_exists both; the others are conditions.
  const bool fits =
      call.function == Function::if_not_exists ||
      (call.function == Function::list_append ? use == Use::assigned
                                              : (call.function == Function::size) == (use == Use::operand));
  if (!fits) return invalid("The function is not allowed to be used this way in an expression; function: {}", name);
  return {};
}

Result<> Check::steps(const Path& path) const {
  for (const Step& step : tree_.steps_of(path)) {
    if (step.is_index && !step.name.empty())
      return invalid("List index is not within the allowable range; index: [{}]", step.name);
    if (!step.is_index && !step.name.starts_with('#') && is_reserved(step.name))
      return invalid("Attribute name is a reserved keyword; reserved keyword: {}", step.name);
  }
  return {};
}

Result<> Check::sections(std::span<const Action> actions) const {
  constexpr std::array names{"SET", "REMOVE", "ADD", "DELETE"};
  std::array<bool, names.size()> seen{};
  for (const Action& action : actions)
    if (action.opens_section && std::exchange(seen[std::to_underlying(action.section)], true))
      return invalid("The \"{}\" section can only be used once in an update expression;",
                     names[std::to_underlying(action.section)]);
  return {};
}

Result<> Check::operator_count() const {
  const auto count = std::ranges::count_if(
      tree_.nodes, [](const Node& node) { return node.kind != Kind::path && node.kind != Kind::value; });
  if (std::cmp_less_equal(count, operators_max)) return {};
  return invalid("The expression contains too many operators; operator count: {}", operators_max + 1);
}

Result<> Check::targets(std::span<const Path> paths_in_order) {
  // Backwards, as the service goes: what comes after an unknown name is told before it.
  Result<> named;
  std::size_t from = paths_in_order.size();
  while (from > 0 && named) {
    named = resolve_names(paths_in_order[from - 1]);
    if (named) --from;
  }
  QUIPU_CHECK(overlaps(paths_in_order.subspan(from)));
  QUIPU_CHECK(named);
  for (const Path& path : paths_in_order) QUIPU_CHECK(depth(path));
  return {};
}

namespace {

enum class Meeting : std::uint8_t { none, overlap, conflict };

// Two paths overlap if one is the other's beginning, and conflict if they see a list and a map at the same place.
Meeting meet(std::span<const Step> a, std::span<const Step> b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i)
    if (a[i] != b[i]) return a[i].is_index != b[i].is_index ? Meeting::conflict : Meeting::none;
  return Meeting::overlap;
}

// Below this many it is quicker to compare each with each than to sort.
constexpr std::size_t compare_each_max = 8;

}  // namespace

Result<> Check::overlaps(std::span<const Path> paths_in_order) const {
  if (paths_in_order.size() > compare_each_max) {
    // Of paths that meet some stand side by side when they are sorted. The slow search below only finds the words.
    std::vector<Path> sorted(paths_in_order.begin(), paths_in_order.end());
    std::ranges::sort(sorted, [this](const Path& a, const Path& b) {
      return std::ranges::lexicographical_compare(tree_.steps_of(a), tree_.steps_of(b));
    });
    const auto met = std::ranges::adjacent_find(sorted, [this](const Path& a, const Path& b) {
      return meet(tree_.steps_of(a), tree_.steps_of(b)) != Meeting::none;
    });
    if (met == sorted.end()) return {};
  }
  for (std::size_t i = paths_in_order.size(); i-- > 0;)
    QUIPU_CHECK(overlaps_with(paths_in_order[i], paths_in_order.subspan(i + 1)));
  return {};
}

Result<> Check::overlaps_with(const Path& path, std::span<const Path> others) const {
  const std::span<const Step> steps = tree_.steps_of(path);
  Meeting worst = Meeting::none;
  std::span<const Step> met;
  for (const Path& other : others) {
    const std::span<const Step> other_steps = tree_.steps_of(other);
    const Meeting meeting = meet(steps, other_steps);
    if (meeting == Meeting::none || (worst != Meeting::none && !std::ranges::lexicographical_compare(met, other_steps)))
      continue;
    worst = meeting;
    met = other_steps;
  }
  if (worst == Meeting::none) return {};
  return invalid(
      "Two document paths {} with each other; must remove or rewrite one of these paths; path one: {}, path two: {}",
      worst == Meeting::overlap ? "overlap" : "conflict", to_string(steps), to_string(met));
}

Result<> Check::resolve_names(const Path& path) {
  for (Step& step : std::span{tree_.steps}.subspan(path.first_step, path.step_count)) {
    if (step.is_index || !step.name.starts_with('#')) continue;
    const std::string* const name = placeholders_.use_name(step.name);
    if (name == nullptr)
      return invalid("An expression attribute name used in the document path is not defined; attribute name: {}",
                     step.name);
    step.name = *name;
  }
  return {};
}

Result<> Check::depth(const Path& path) const {
  if (path.step_count > path_steps_max)
    return invalid("The document path has too many nesting levels; nesting levels: {}", path.step_count);
  return {};
}

Result<> Check::resolve_value(Node& node) {
  const value::Value* const value = placeholders_.use_value(text_of(node));
  if (value == nullptr)
    return invalid("An expression attribute value used in expression is not defined; attribute value: {}",
                   text_of(node));
  // Once, however often it is used: a value may have megabytes.
  const auto known = std::ranges::find(used_values_, value);
  node.value = static_cast<std::uint32_t>(known - used_values_.begin());
  if (known == used_values_.end()) {
    used_values_.push_back(value);
    tree_.values.push_back(*value);
  }
  return {};
}

Result<> Check::resolve(NodeIndex index) {
  Node& node = tree_.nodes[index];
  if (node.kind == Kind::path) {
    QUIPU_CHECK(resolve_names(node.path));
    return depth(node.path);
  }
  if (node.kind == Kind::value) return resolve_value(node);
  for (NodeIndex child = node.first_child; child != no_node; child = at(child).next) QUIPU_CHECK(resolve(child));
  return operands(index);
}

Result<> Check::resolve_action(const Action& action) {
  if (action.operand == no_node) return {};
  QUIPU_CHECK(resolve(action.operand));
  if (action.section == Section::set) return {};
  const value::Type type = operand(action.operand).type();
  const bool is_set =
      type == value::Type::string_set || type == value::Type::number_set || type == value::Type::binary_set;
  if (is_set || (action.section == Section::add && type == value::Type::number)) return {};
  const std::string_view name = action.section == Section::add ? "ADD" : "DELETE";
  return invalid(
      "Incorrect operand type for operator or function; operator: {}, operand type: {}, typeSet: "
      "ALLOWED_FOR_{}_OPERAND",
      name, type_in_words(type), name);
}

}  // namespace quipu::expression
