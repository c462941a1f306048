// What a query reads: one run of rows of a table or of one of its indexes.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "table/schema.h"

namespace quipu::table {

struct KeyRange {
  std::string first;
  std::string end;  // not included; there always is one

  bool empty() const { return first >= end; }
};

enum class SortOperator : std::uint8_t {
  none,
  equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  between,
  begins_with,
};

struct SortCondition {
  SortOperator op = SortOperator::none;
  value::Value first = {};
  value::Value second = {};  // of between
};

// All rows of the table, or of its index if one is given.
KeyRange whole_range(const TableSchema& schema, const IndexSchema* index);

// The rows of one partition whose sort keys meet the condition. Values must have the types of the keys.
Result<KeyRange> partition_range(const TableSchema& schema, const IndexSchema* index, const value::Value& partition,
                                 const SortCondition& sort);

}  // namespace quipu::table
