// Looks at every row of a store and says what is wrong with it; for `quipu verify` and the tests.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "table/schema.h"
#include "value/value.h"

namespace quipu::table {

class RowCheck {
 public:
  // Rows must come in the order of their keys, as a store gives them. Empty, or what is wrong.
  std::string check(std::string_view key, std::string_view value);
  // After the last row: empty, or what only the whole shows.
  std::string finish() const;

  std::uint64_t tables() const { return schemas_.size(); }
  std::uint64_t items() const { return items_; }

 private:
  struct IndexOfTable {
    std::uint32_t table_id;
    std::size_t index;  // in the table's indexes
  };

  void learn(TableSchema schema);
  Result<> check_item(std::string_view key, std::string_view value);
  Result<> check_index_row(std::string_view key, std::string_view value);

  std::map<std::uint32_t, TableSchema> schemas_;
  std::map<std::uint32_t, IndexOfTable> indexes_;  // by index id
  std::set<std::string, std::less<>> ownerless_;   // beginnings of rows that only a purge may explain
  std::uint64_t items_ = 0;
  value::Item item_;
};

}  // namespace quipu::table
