// Stored descriptions as items: written member by member, read strictly - every member is asked for, and none may be
// left over. What schemas and streams have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "table/schema.h"
#include "value/value.h"

namespace quipu::table {

void set_number(value::Item& item, std::string_view name, std::uint64_t value);

template <class Enum>
void set_enum(value::Item& item, std::string_view name, Enum value) {
  set_number(item, name, static_cast<std::uint64_t>(value));
}

value::Value key_value(const KeyAttribute& partition_key, const std::optional<KeyAttribute>& sort_key);

// False: the member is missing or is not what it must be.
class Members {
 public:
  explicit Members(const value::Item& item) : item_{item} {}

  const value::Value* take(std::string_view name);
  bool number(std::string_view name, std::uint64_t& out, std::uint64_t max = INT64_MAX);
  bool id(std::uint32_t& out);
  bool string(std::string_view name, std::string& out);
  bool boolean(std::string_view name, bool& out);
  bool map(std::string_view name, value::Item& out);
  const value::Value::List* list(std::string_view name);
  bool key(KeyAttribute& partition_key, std::optional<KeyAttribute>& sort_key);

  template <class Enum>
  bool enumerated(std::string_view name, Enum& out, Enum lowest, Enum highest) {
    std::uint64_t value = 0;
    if (!number(name, value, static_cast<std::uint64_t>(highest)) || value < static_cast<std::uint64_t>(lowest))
      return false;
    out = static_cast<Enum>(value);
    return true;
  }

  bool nothing_left() const { return taken_ == item_.size(); }

 private:
  const value::Item& item_;
  std::size_t taken_ = 0;
};

}  // namespace quipu::table
