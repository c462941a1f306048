// UpdateExpression and AttributeUpdates: what becomes of an item. Whatever an update reads, it reads from the item as
// it was before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expression/placeholders.h"
#include "expression/projection.h"
#include "expression/syntax.h"
#include "expression/tree.h"

namespace quipu::expression {

class Update {
 public:
  static Result<Update> parse(std::string_view text, Placeholders& placeholders);

  // The older AttributeUpdates add to lists too, and have a message of their own for what cannot be added.
  enum class Dialect : std::uint8_t { expression, attribute_updates };
  // For legacy.h. The actions are in their order, and no two of them have the same target.
  Update(Tree tree, std::vector<Action> actions, Dialect dialect);

  // An item that does not exist yet comes as one that has nothing but its key. After an error it is unchanged, but for
  // that of having become larger than `bytes_max`. How deep it has become is for the caller to check.
  Result<> apply(value::Item& item, std::size_t bytes_max) const;

  // The top-level attributes that it changes, each once, in order: none of them may be part of the key.
  std::vector<std::string> attributes() const;
  // Those of which it changes or reads a member or an element.
  std::vector<std::string> nested_attributes() const;

  // It takes away and brings nothing: an item that is not there is not made for it.
  bool only_removes() const;

  // UPDATED_OLD and UPDATED_NEW: what is at the touched paths in the item before, or after. As the service does, an
  // element that was added beyond a list's end is not found, and one that was removed shows its successor.
  void pick_updated(const value::Item& from, value::Item& to) const { targets_.pick(tree_, from, to); }

 private:
  Tree tree_;
  std::vector<Action> actions_;
  std::vector<std::uint32_t> sorted_;  // indexes of actions_, by target: elements of a list from its front to its end
  PathSet targets_;
  Dialect dialect_;
};

}  // namespace quipu::expression
