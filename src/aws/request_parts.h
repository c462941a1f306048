// Parts that many requests have: members by type, expressions and what they stand for, keys.
//
// The shape has been checked (shape.h): members that are there have the right JSON type.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/api_error.h"
#include "aws/json_tree.h"
#include "expression/condition.h"
#include "expression/placeholders.h"
#include "expression/projection.h"
#include "value/value.h"

namespace quipu::aws {

// An item, or empty if it is not there. `error_prefix` goes before the message of an error.
Answer<value::Item> item_member(const JsonNode& input, std::string_view name, std::string_view error_prefix = {});

// Which parameters a request may have: expressions, and the older parameters that may not stand beside them.
struct ExpressionParameters {
  using Names = std::array<std::string_view, 4>;  // the empty ones are none
  Names expressions;
  Names others;
  Names with_values;  // which of the expressions may have values
};

// Reads ExpressionAttributeNames and -Values, after checking that the request mixes nothing and has them only with
// expressions.
Answer<expression::Placeholders> read_placeholders(const JsonNode& input, const ExpressionParameters& parameters);

// `parameter` is ConditionExpression or FilterExpression. Nothing if it is not there.
Answer<std::optional<expression::Condition>> read_condition(const JsonNode& input, std::string_view parameter,
                                                            expression::Placeholders& placeholders);
// ProjectionExpression or AttributesToGet.
Answer<std::optional<expression::Projection>> read_projection(const JsonNode& input,
                                                              expression::Placeholders& placeholders);

}  // namespace quipu::aws
