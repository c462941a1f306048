#include "table/change.h"

#include "base/bytes.h"
#include "table/rows.h"

namespace quipu::table {

namespace {

constexpr std::uint8_t change_version = 1;

void append_image(std::string& out, const std::optional<std::string_view>& image) {
  append_varint(out, image ? image->size() + 1 : 0);
  if (image) out += *image;
}

bool read_image(ByteReader& in, std::optional<std::string_view>& image) {
  std::uint64_t size = 0;
  if (!in.read_varint(size)) return false;
  if (size == 0) return true;
  std::string_view bytes;
  if (!in.read(size - 1, bytes)) return false;
  image = bytes;
  return true;
}

}  // namespace

void append_change_key(std::string& out, std::uint32_t table_id, std::uint64_t change_number) {
  append_row_kind(out, RowKind::change);
  append_big_endian(out, table_id);
  append_big_endian(out, change_number);
}

void append_change(std::string& out, const ChangeRecord& record) {
  out.push_back(static_cast<char>(change_version));
  out.push_back(static_cast<char>(record.kind));
  append_big_endian(out, record.time_ms);
  append_varint(out, record.item_row_key.size());
  out += record.item_row_key;
  append_image(out, record.old_image);
  append_image(out, record.new_image);
}

std::optional<ChangeRecord> decode_change(std::string_view value) {
  ByteReader in{value};
  ChangeRecord record;
  std::uint8_t version = 0;
  std::uint8_t kind = 0;
  std::uint64_t key_size = 0;
  if (!in.read(version) || version != change_version || !in.read(kind) || kind < 1 || kind > 4 ||
      !in.read(record.time_ms) || !in.read_varint(key_size) || !in.read(key_size, record.item_row_key) ||
      !read_image(in, record.old_image) || !read_image(in, record.new_image) || !in.empty())
    return std::nullopt;
  record.kind = static_cast<ChangeKind>(kind);
  return record;
}

void apply_view(ChangeRecord& record, StreamView view) {
  if (view != StreamView::old_image && view != StreamView::new_and_old_images) record.old_image.reset();
  if (view != StreamView::new_image && view != StreamView::new_and_old_images) record.new_image.reset();
}

}  // namespace quipu::table
