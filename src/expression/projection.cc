#include "expression/projection.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "expression/check.h"
#include "expression/syntax.h"

namespace quipu::expression {

namespace {

using value::Item;
using value::Type;
using value::Value;

class Picking {
 public:
  explicit Picking(const Tree& tree) : tree_{tree} {}

  // `paths` agree in their first `depth` steps and are sorted, and `value` is there. Nothing if none of them leads to
  // anything. Paths have path_steps_max steps, so it does not go deeper than that.
  std::optional<Value> pick(std::span<const Path> paths, std::size_t depth, const Value& value) const {
    if (paths.front().step_count == depth) return value;
    if (step(paths.front(), depth).is_index) return pick_elements(paths, depth, value);
    if (!value.is(Type::map)) return std::nullopt;
    Item members;
    pick_members(paths, depth, value.as_map(), members);
    if (members.empty()) return std::nullopt;
    return Value::map(std::move(members));
  }

  void pick_members(std::span<const Path> paths, std::size_t depth, const Item& from, Item& to) const {
    while (!paths.empty()) {
      const std::span<const Path> same = take_same(paths, depth);
      const std::string& name = step(same.front(), depth).name;
      const Value* const member = from.find(name);
      if (member == nullptr) continue;
      if (std::optional<Value> picked = pick(same, depth + 1, *member)) to.set(name, *std::move(picked));
    }
  }

 private:
  const Step& step(const Path& path, std::size_t depth) const { return tree_.steps[path.first_step + depth]; }

  std::optional<Value> pick_elements(std::span<const Path> paths, std::size_t depth, const Value& value) const {
    if (!value.is(Type::list)) return std::nullopt;
    Value::List elements;
    while (!paths.empty()) {
      const std::span<const Path> same = take_same(paths, depth);
      const std::size_t index = step(same.front(), depth).index;
      if (index >= value.as_list().size()) continue;
      if (std::optional<Value> picked = pick(same, depth + 1, value.as_list()[index]))
        elements.push_back(*std::move(picked));
    }
    if (elements.empty()) return std::nullopt;
    return Value::list(std::move(elements));
  }

  // Takes the paths off whose next step is that of the first one.
  std::span<const Path> take_same(std::span<const Path>& paths, std::size_t depth) const {
    std::size_t count = 1;
    while (count < paths.size() && step(paths[count], depth) == step(paths.front(), depth)) ++count;
    const std::span<const Path> same = paths.first(count);
    paths = paths.subspan(count);
    return same;
  }

  const Tree& tree_;
};

}  // namespace

PathSet::PathSet(const Tree& tree, std::vector<Path> paths) : sorted_{std::move(paths)} {
  std::ranges::sort(sorted_, [&tree](const Path& a, const Path& b) {
    return std::ranges::lexicographical_compare(tree.steps_of(a), tree.steps_of(b));
  });
}

void PathSet::pick(const Tree& tree, const Item& from, Item& to) const {
  Picking{tree}.pick_members(sorted_, 0, from, to);
}

Result<Projection> Projection::parse(std::string_view text, Placeholders& placeholders) {
  constexpr std::string_view parameter = "ProjectionExpression";
  QUIPU_CHECK(check_size(parameter, text));
  Syntax syntax{parameter, text};
  QUIPU_TRY(std::vector<Path> paths, syntax.read_projection());
  QUIPU_CHECK(Check(parameter, text, syntax, placeholders).projection(paths));
  return Projection{std::move(syntax.tree()), std::move(paths)};
}

Projection Projection::of_attributes(const std::vector<std::string>& names) {
  Tree tree;
  std::vector<Path> paths;
  for (const std::string& name : names) paths.push_back(tree.nodes[tree.add_path(name)].path);
  return Projection{std::move(tree), std::move(paths)};
}

Projection::Projection(Tree tree, std::vector<Path> paths)
    : tree_{std::move(tree)}, in_order_{std::move(paths)}, paths_{tree_, in_order_} {}

}  // namespace quipu::expression
