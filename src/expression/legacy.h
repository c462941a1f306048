// The older parameters, already decoded from JSON, become the same trees as expressions: Expected, QueryFilter and
// ScanFilter a Condition, AttributeUpdates an Update, KeyConditions a KeyCondition. AttributesToGet is
// Projection::of_attributes.
//
// Attributes come in the order of the request; the first that is wrong is told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "expression/condition.h"
#include "expression/key_condition.h"
#include "expression/update.h"
#include "value/value.h"

namespace quipu::expression {

struct LegacyComparison {
  std::string attribute;
  std::string op;  // EQ NE LE LT GE GT NOT_NULL NULL CONTAINS NOT_CONTAINS BEGINS_WITH IN BETWEEN
  std::vector<value::Value> values;
};

// One attribute of Expected as the request has it. What is not there is not set.
struct ExpectedAttribute {
  std::string attribute;
  std::optional<bool> exists;
  std::optional<value::Value> value;
  std::optional<std::string> op;                    // ComparisonOperator
  std::optional<std::vector<value::Value>> values;  // AttributeValueList
};

// "Value" and "Exists" become EQ, and NULL where the attribute must not exist.
Result<std::vector<LegacyComparison>> comparisons_of(std::vector<ExpectedAttribute> expected);

// At least one comparison; ConditionalOperator OR is `any`. With it the caller has checked that there are two.
Result<Condition> condition_of(std::vector<LegacyComparison> comparisons, bool any);

struct LegacyUpdate {
  std::string attribute;
  std::string action;  // PUT ADD DELETE
  std::optional<value::Value> value;
};

// No updates at all are allowed: the item is made if it is not there.
Result<Update> update_of(std::vector<LegacyUpdate> updates);

Result<KeyCondition> key_condition_of(std::vector<LegacyComparison> comparisons);

}  // namespace quipu::expression
