// Table schemas: what reads must encode to the same bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "table/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value{reinterpret_cast<const char*>(data), size};
  const auto schema = quipu::table::decode_schema(quipu::table::schema_key("t"), value);
  if (schema && quipu::table::encode_schema(*schema) != value) std::abort();
  return 0;
}
