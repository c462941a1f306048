// What the actions of an update come to, worked out from the item before any of them is carried out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "expression/syntax.h"
#include "expression/tree.h"
#include "value/value.h"

namespace quipu::expression {

struct Outcome {
  enum class Effect : std::uint8_t { nothing, set, remove };
  Effect effect = Effect::nothing;
  value::Value value;  // to set
};

class NewValues {
 public:
  // Both must outlive it.
  NewValues(const Tree& tree, const value::Item& before, bool attribute_updates)
      : tree_{tree}, before_{before}, attribute_updates_{attribute_updates} {}

  // The list or map that the target is in must be there.
  Result<Outcome> of(const Action& action) const;

 private:
  Result<value::Value> assigned(NodeIndex node) const;
  Result<value::Value> sum(const Node& node) const;
  Result<value::Value> call(const Node& node) const;
  Result<Outcome> added(const value::Value* old, const value::Value& operand) const;
  Result<Outcome> without(const value::Value* old, const value::Value& operand) const;
  Result<> check_target(const Path& path) const;
  std::unexpected<Error> type_mismatch() const;

  const Tree& tree_;
  const value::Item& before_;
  bool attribute_updates_;
};

}  // namespace quipu::expression
