#include "table/rows.h"

namespace quipu::table {

std::string end_of_prefix(std::string_view prefix) {
  std::string end{prefix};
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string sequence_key(std::string_view name) {
  std::string key;
  append_row_kind(key, RowKind::sequence);
  key += name;
  return key;
}

}  // namespace quipu::table
