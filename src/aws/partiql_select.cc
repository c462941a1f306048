#include "aws/partiql_select.h"

#include <fmt/format.h>

#include <algorithm>

#include "expression/evaluation.h"

namespace quipu::aws::partiql {

namespace {

using expression::Path;
using expression::Step;

// How many of the steps make the name: up to the last member, and the index right behind it.
std::size_t named_steps(std::span<const Step> steps) {
  std::size_t member = steps.size() - 1;
  while (member > 0 && steps[member].is_index) --member;
  return std::min(member + 2, steps.size());
}

}  // namespace

std::string shown_name(const expression::Tree& tree, const Path& path) {
  const auto steps = tree.steps_of(path);
  const std::size_t count = named_steps(steps);
  if (!steps[count - 1].is_index || count == 1) return steps[count - 1].name;
  return fmt::format("{}[{}]", steps[count - 2].name, steps[count - 1].index);
}

bool Selection::is_flat() const {
  return std::ranges::all_of(paths_, [](const Path& path) { return path.step_count == 1; });
}

value::Item Selection::shown(const value::Item& item) const {
  if (shows_all()) return item;
  value::Item shown;
  for (const Path& path : paths_) {
    const auto steps = tree_.steps_of(path);
    const value::Value* const found = expression::find(steps, item);
    if (found == nullptr) continue;
    value::Value value = *found;
    // Of "l[1][2]" the service shows the list "l[1]" with that one element.
    for (std::size_t i = named_steps(steps); i < steps.size(); ++i) {
      value::Value::List one;
      one.push_back(std::move(value));
      value = value::Value::list(std::move(one));
    }
    shown.set(shown_name(tree_, path), std::move(value));
  }
  return shown;
}

}  // namespace quipu::aws::partiql
