// Table schemas: what reads must encode to the same bytes, and the first version's to the second's.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "table/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value{reinterpret_cast<const char*>(data), size};
  const auto schema = quipu::table::decode_schema(quipu::table::schema_key("t"), value);
  if (!schema) return 0;
  const auto encoded = quipu::table::encode_schema(*schema);
  if (value.front() == 2 && encoded != value) std::abort();
  const auto again = quipu::table::decode_schema(quipu::table::schema_key("t"), encoded);
  if (!again || *again != *schema) std::abort();
  return 0;
}
