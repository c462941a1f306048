// KeyConditionExpression and KeyConditions: one value of the partition key, and at most one condition on the sort key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expression/condition.h"
#include "expression/placeholders.h"
#include "value/value.h"

namespace quipu::expression {

class KeyCondition {
 public:
  enum class SortOp : std::uint8_t { none, equal, less, less_equal, greater, greater_equal, between, begins_with };

  struct Resolved {
    value::Value partition;
    SortOp sort_op = SortOp::none;
    value::Value first;   // what the sort key is compared with; the lower bound
    value::Value second;  // the upper bound
  };

  static Result<KeyCondition> parse(std::string_view text, Placeholders& placeholders);

  // One of KeyConditions. `op` is none for an operator that no key can have.
  struct Part {
    std::string attribute;
    SortOp op = SortOp::none;
    value::Value first;
    value::Value second;
  };
  // For legacy.h.
  explicit KeyCondition(std::vector<Part> parts) : parts_{std::move(parts)} {}

  // For a table or an index with these keys. Whether the values have the types of the keys is for the caller to check.
  // The service says what is wrong here only after all expressions are parsed and all placeholders used.
  Result<Resolved> resolve(std::string_view partition_name, std::optional<std::string_view> sort_name) const;

 private:
  explicit KeyCondition(Condition condition) : condition_{std::move(condition)} {}

  std::optional<Condition> condition_;  // an expression as it was parsed; else parts_
  std::vector<Part> parts_;
};

}  // namespace quipu::expression
