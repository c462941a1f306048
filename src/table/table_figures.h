// How many items a table or an index has, and their bytes, kept exactly: in the same batch as every change.
//
//   row key    figures(11), table or index id (u32)
//   row value  version(1), items (u64), bytes of keys and encoded items (u64)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/write_group.h"

namespace quipu::table {

struct TableFigures {
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const TableFigures&, const TableFigures&) = default;
};

struct FiguresChange {
  std::int64_t items = 0;
  std::int64_t bytes = 0;
};

void append_figures_key(std::string& key, std::uint32_t id);
std::string encode_figures(const TableFigures& figures);
std::optional<TableFigures> decode_figures(std::string_view value);

Result<> change_figures(storage::WriteGroup& group, std::uint32_t id, const FiguresChange& change);

}  // namespace quipu::table
