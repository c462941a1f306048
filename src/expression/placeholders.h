// ExpressionAttributeNames and ExpressionAttributeValues of one request, and which of them its expressions used.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "value/value.h"

namespace quipu::expression {

inline constexpr std::size_t placeholder_bytes_max = 255;
inline constexpr std::size_t attribute_name_bytes_max = 65535;

class Placeholders {
 public:
  void add_name(std::string_view placeholder, std::string_view attribute);  // "#n"
  void add_value(std::string_view placeholder, value::Value value);         // ":v"

  // Were the parameters there at all? One that is there and empty is an error.
  void expect_names() { has_names_ = true; }
  void expect_values() { has_values_ = true; }

  // What the parameters must be before any expression is looked at: keys first, then names, then values' keys.
  Result<> check() const;

  // Null if it is not defined; else it counts as used.
  const std::string* use_name(std::string_view placeholder);
  const value::Value* use_value(std::string_view placeholder);

  // After all expressions of the request: everything must have been used.
  Result<> check_all_used() const;

 private:
  struct Name {
    std::string placeholder;
    std::string attribute;
    bool used = false;
  };
  struct NamedValue {
    std::string placeholder;
    value::Value value;
    bool used = false;
  };

  std::vector<Name> names_;
  std::vector<NamedValue> values_;
  // Sorted by placeholder when the first of them is looked up.
  bool names_sorted_ = false;
  bool values_sorted_ = false;
  bool has_names_ = false;
  bool has_values_ = false;
};

}  // namespace quipu::expression
