// Row keys of items: what reads back must encode to the same bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "table/key_codec.h"

using quipu::table::KeyAttribute;
using quipu::table::KeyType;
using quipu::table::TableSchema;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t shape = data[0];
  TableSchema schema{.name = "t", .id = 1, .partition_key = {.name = "p", .type = static_cast<KeyType>(1 + shape % 3)}};
  if ((shape & 0x80) != 0) schema.sort_key = KeyAttribute{.name = "s", .type = static_cast<KeyType>(1 + shape / 3 % 3)};
  std::string row_key;
  quipu::table::key_codec::append_table_prefix(row_key, schema.id);
  row_key.append(reinterpret_cast<const char*>(data + 1), size - 1);

  quipu::value::Item item;
  if (!quipu::table::key_codec::read_row_key(row_key, schema, item)) return 0;
  std::string again;
  // A key that is longer than a table takes can be read, but not be made.
  if (quipu::table::key_codec::append_row_key(again, schema, item) && again != row_key) std::abort();
  return 0;
}
