// The item codec against any bytes: what is not refused is the one form of its item. The item is used again and again,
// as where items are read from storage.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/bytes.h"
#include "value/item_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quipu::value;
  static Item item;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (!decode_item(bytes, item)) {
    QUIPU_ASSERT(item.empty());
    return 0;
  }
  QUIPU_ASSERT(item.nesting_depth() <= nesting_depth_max);
  std::string encoded;
  encode_item(item, encoded);
  QUIPU_ASSERT(encoded == bytes, "{} became {}", quipu::to_hex(bytes), quipu::to_hex(encoded));
  Item again;
  QUIPU_ASSERT(decode_item(encoded, again) && again == item, "{}", quipu::to_hex(bytes));
  QUIPU_ASSERT(again.size_bytes() == item.size_bytes());
  return 0;
}
