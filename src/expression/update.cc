#include "expression/update.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>

#include "base/assert.h"
#include "expression/check.h"
#include "expression/evaluation.h"
#include "expression/new_values.h"

namespace quipu::expression {

namespace {

using value::Item;
using value::Type;
using value::Value;

std::vector<Path> targets_of(std::span<const Action> actions) {
  std::vector<Path> paths(actions.size());
  std::ranges::transform(actions, paths.begin(), &Action::target);
  return paths;
}

// Room for the outcomes of small updates without an allocation.
constexpr std::size_t inline_outcomes_max = 4;

// The outcomes were worked out from the same item, so every container is there.
Value& container_of(std::span<const Step> steps, Item& item) {
  const Value* const container = find(steps.first(steps.size() - 1), item);
  QUIPU_ASSERT(container != nullptr, "{}", to_string(steps));
  return const_cast<Value&>(*container);
}

void set(std::span<const Step> steps, Value value, Item& item) {
  const Step& last = steps.back();
  if (steps.size() == 1) return item.set(last.name, std::move(value));
  Value& container = container_of(steps, item);
  if (!last.is_index) return container.as_map().set(last.name, std::move(value));
  Value::List& elements = container.as_list();
  if (last.index < elements.size())
    elements[last.index] = std::move(value);
  else
    elements.push_back(std::move(value));
}

void remove(std::span<const Step> steps, Item& item) {
  const Step& last = steps.back();
  if (steps.size() == 1) {
    item.erase(last.name);
    return;
  }
  Value& container = container_of(steps, item);
  if (!last.is_index) {
    container.as_map().erase(last.name);
    return;
  }
  Value::List& elements = container.as_list();
  QUIPU_ASSERT(last.index < elements.size(), "{}", to_string(steps));
  elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(last.index));
}

std::unexpected<Error> too_large() {
  return fail(ErrorCode::invalid_argument, "Item size to update has exceeded the maximum allowed size");
}

// Of several mistakes the last one is told. Values may be made of each other, so a small update can ask for gigabytes:
// nothing is made any more once the item would be too large.
Result<> work_out(const NewValues& new_values, std::span<const Action> actions, std::size_t bytes_max,
                  std::span<Outcome> outcomes) {
  std::size_t bytes = 0;
  for (std::size_t i = actions.size(); i-- > 0;) {
    QUIPU_TRY(outcomes[i], new_values.of(actions[i]));
    if (outcomes[i].effect == Outcome::Effect::set) bytes += outcomes[i].value.size_bytes();
    if (bytes > bytes_max) return too_large();
  }
  return {};
}

}  // namespace

Result<Update> Update::parse(std::string_view text, Placeholders& placeholders) {
  constexpr std::string_view parameter = "UpdateExpression";
  QUIPU_CHECK(check_size(parameter, text));
  Syntax syntax{parameter, text};
  QUIPU_TRY(std::vector<Action> actions, syntax.read_update());
  QUIPU_CHECK(Check(parameter, text, syntax, placeholders).update(actions));
  return Update{std::move(syntax.tree()), std::move(actions), Dialect::expression};
}

Update::Update(Tree tree, std::vector<Action> actions, Dialect dialect)
    : tree_{std::move(tree)},
      actions_{std::move(actions)},
      sorted_(actions_.size()),
      targets_{tree_, targets_of(actions_)},
      dialect_{dialect} {
  std::iota(sorted_.begin(), sorted_.end(), std::uint32_t{0});
  std::ranges::sort(sorted_, [this](std::uint32_t a, std::uint32_t b) {
    return std::ranges::lexicographical_compare(tree_.steps_of(actions_[a].target), tree_.steps_of(actions_[b].target));
  });
}

Result<> Update::apply(Item& item, std::size_t bytes_max) const {
  std::array<Outcome, inline_outcomes_max> few;
  std::vector<Outcome> many;
  if (actions_.size() > few.size()) many.resize(actions_.size());
  const std::span<Outcome> outcomes =
      many.empty() ? std::span<Outcome>{few}.first(actions_.size()) : std::span<Outcome>{many};
  const NewValues new_values{tree_, item, dialect_ == Dialect::attribute_updates};
  QUIPU_CHECK(work_out(new_values, actions_, bytes_max, outcomes));
  // Elements beyond a list's end are appended in the order of their numbers. Removing comes last and from the end, so
  // that every number means what it meant before.
  for (const std::uint32_t i : sorted_)
    if (outcomes[i].effect == Outcome::Effect::set)
      set(tree_.steps_of(actions_[i].target), std::move(outcomes[i].value), item);
  for (auto i = sorted_.rbegin(); i != sorted_.rend(); ++i)
    if (outcomes[*i].effect == Outcome::Effect::remove) remove(tree_.steps_of(actions_[*i].target), item);
  if (item.size_bytes() > bytes_max) return too_large();
  return {};
}

bool Update::only_removes() const {
  return !actions_.empty() && std::ranges::all_of(actions_, [](const Action& action) {
    return action.section == Section::remove || action.section == Section::erase;
  });
}

std::vector<std::string> Update::attributes() const {
  return attributes_of(tree_, targets_of(actions_));
}

std::vector<std::string> Update::nested_attributes() const {
  std::vector<Path> paths = targets_of(actions_);
  for (const Node& node : tree_.nodes)
    if (node.kind == Kind::path) paths.push_back(node.path);
  return nested_attributes_of(tree_, paths);
}

}  // namespace quipu::expression
