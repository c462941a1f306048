// Change records: what reads must encode to the same bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "table/change.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value{reinterpret_cast<const char*>(data), size};
  const auto record = quipu::table::decode_change(value);
  if (!record) return 0;
  std::string again;
  quipu::table::append_change(again, *record);
  if (again != value) std::abort();
  return 0;
}
