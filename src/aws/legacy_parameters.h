// The parameters that were there before expressions, read into the same conditions and updates.
#pragma once

#include <optional>
#include <string_view>

#include "aws/api_error.h"
#include "aws/json_tree.h"
#include "expression/condition.h"
#include "expression/key_condition.h"
#include "expression/update.h"

namespace quipu::aws {

// Expected with ConditionalOperator. Nothing if it is not there.
Answer<std::optional<expression::Condition>> read_expected(const JsonNode& input);
// QueryFilter or ScanFilter with ConditionalOperator.
Answer<std::optional<expression::Condition>> read_filter(const JsonNode& input, std::string_view parameter);
Answer<std::optional<expression::Update>> read_attribute_updates(const JsonNode& input);
// KeyConditions.
Answer<std::optional<expression::KeyCondition>> read_key_conditions(const JsonNode& input);

}  // namespace quipu::aws
