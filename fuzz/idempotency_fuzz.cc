// Idempotency rows and their order rows: reading never goes outside the bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "table/idempotency.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value{reinterpret_cast<const char*>(data), size};
  if (const auto row = quipu::table::decode_idempotency_row(value); row && !value.ends_with(row->outcome)) std::abort();
  if (const auto row = quipu::table::decode_idempotency_order_row(value); row && !value.ends_with(row->key))
    std::abort();
  return 0;
}
