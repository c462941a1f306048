// Shapes that several operations share. Only the shapes_*.cc include this.
#pragma once

#include "aws/shapes.h"
#include "aws/table_name.h"

namespace quipu::aws::shapes {

constexpr Shape text(std::int64_t min = Shape::no_limit, std::int64_t max = Shape::no_limit) {
  return {.kind = Kind::string, .min = min, .max = max, .unconstrained = min == Shape::no_limit};
}

constexpr Shape one_of(std::span<const std::string_view> values) {
  return {.kind = Kind::string, .values = values};
}

constexpr Shape name_like_a_table() {
  return {.kind = Kind::string,
          .min = static_cast<std::int64_t>(table_name_bytes_min),
          .max = static_cast<std::int64_t>(table_name_bytes_max),
          .matches = matches_table_name_pattern,
          .pattern = table_name_pattern};
}

constexpr Shape integer(std::int64_t min = Shape::no_limit, std::int64_t max = Shape::no_limit) {
  return {.kind = Kind::integer, .min = min, .max = max};
}

constexpr Shape long_integer(std::int64_t min = Shape::no_limit) {
  return {.kind = Kind::long_integer, .min = min};
}

constexpr Shape list_of(const Shape& element, std::int64_t min = Shape::no_limit, std::int64_t max = Shape::no_limit) {
  return {.kind = Kind::list, .min = min, .max = max, .element = &element};
}

constexpr Shape map_of(const Shape& element) {
  return {.kind = Kind::map, .element = &element};
}

// An operation on tables.
template <std::size_t N>
constexpr Shape table_operation(std::string_view name, const Members<N>& members) {
  Shape shape = structure(name, members);
  shape.table_name_first = true;
  return shape;
}

inline constexpr Shape any_text = text();
inline constexpr Shape boolean = {.kind = Kind::boolean, .unconstrained = true};
inline constexpr Shape timestamp = {.kind = Kind::timestamp, .unconstrained = true};
inline constexpr Shape any_long = long_integer();
inline constexpr Shape positive_long = long_integer(1);
inline constexpr Shape positive_integer = integer(1);

inline constexpr Shape name_or_arn = {.kind = Kind::string, .min = 1, .max = 1024, .names_table = true};
inline constexpr Shape table_name = name_like_a_table();
inline constexpr Shape index_name = name_like_a_table();

inline constexpr Shape item = map_of(attribute_value);  // also keys and values of expressions
inline constexpr Shape attribute_values = list_of(attribute_value);
inline constexpr Shape attribute_names = list_of(any_text, 1, 255);  // AttributesToGet
inline constexpr Shape expression_names = map_of(any_text);

inline constexpr auto return_consumed_capacity_values = std::to_array<std::string_view>({"INDEXES", "TOTAL", "NONE"});
inline constexpr Shape return_consumed_capacity = one_of(return_consumed_capacity_values);

inline constexpr auto return_metrics_values = std::to_array<std::string_view>({"SIZE", "NONE"});
inline constexpr Shape return_metrics = one_of(return_metrics_values);

inline constexpr auto return_values_values =
    std::to_array<std::string_view>({"ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"});
inline constexpr Shape return_values = one_of(return_values_values);

inline constexpr auto return_on_failure_values = std::to_array<std::string_view>({"ALL_OLD", "NONE"});
inline constexpr Shape return_on_failure = one_of(return_on_failure_values);

inline constexpr auto conditional_operator_values = std::to_array<std::string_view>({"OR", "AND"});
inline constexpr Shape conditional_operator = one_of(conditional_operator_values);

inline constexpr auto comparison_operator_values =
    std::to_array<std::string_view>({"IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE",
                                     "BEGINS_WITH", "GE", "CONTAINS"});
inline constexpr Shape comparison_operator = one_of(comparison_operator_values);

inline constexpr Shape client_request_token = text(1, 36);

}  // namespace quipu::aws::shapes
