#include "table/table_figures.h"

#include "base/bytes.h"
#include "table/rows.h"

namespace quipu::table {

namespace {

constexpr std::uint8_t figures_version = 1;

}  // namespace

void append_figures_key(std::string& key, std::uint32_t id) {
  append_row_kind(key, RowKind::figures);
  append_big_endian(key, id);
}

std::string encode_figures(const TableFigures& figures) {
  std::string out;
  out.push_back(static_cast<char>(figures_version));
  append_big_endian(out, figures.items);
  append_big_endian(out, figures.bytes);
  return out;
}

std::optional<TableFigures> decode_figures(std::string_view value) {
  ByteReader in{value};
  std::uint8_t version = 0;
  TableFigures figures;
  if (!in.read(version) || version != figures_version || !in.read(figures.items) || !in.read(figures.bytes) ||
      !in.empty())
    return std::nullopt;
  return figures;
}

Result<> change_figures(storage::WriteGroup& group, std::uint32_t id, const FiguresChange& change) {
  if (change.items == 0 && change.bytes == 0) return {};
  std::string key;
  append_figures_key(key, id);
  std::string_view value;
  QUIPU_TRY(const bool found, group.get(key, value));
  TableFigures figures;
  if (found) {
    const auto stored = decode_figures(value);
    if (!stored) return fail(ErrorCode::damaged, "the figures of table or index {} are damaged", id);
    figures = *stored;
  }
  figures.items += static_cast<std::uint64_t>(change.items);
  figures.bytes += static_cast<std::uint64_t>(change.bytes);
  group.put(key, encode_figures(figures));
  return {};
}

}  // namespace quipu::table
