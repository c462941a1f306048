// Any bytes as a query string: pairs lie inside it and in order, and what decodes, encodes and decodes to the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view query{reinterpret_cast<const char*>(data), size};
  quipu::http::QueryReader reader{query};
  const char* after = query.data();
  std::string_view name;
  std::string_view value;
  std::string decoded;
  std::string encoded;
  std::string again;
  while (reader.next(name, value)) {
    QUIPU_ASSERT(name.data() >= after && name.data() + name.size() <= query.data() + query.size());
    QUIPU_ASSERT(value.empty() || value.data() == name.data() + name.size() + 1);
    after = name.data() + name.size() + value.size();
    for (const std::string_view raw : {name, value}) {
      if (!quipu::http::decode_query(raw, decoded)) continue;
      QUIPU_ASSERT(decoded.size() <= raw.size());
      encoded.clear();
      quipu::http::percent_encode(decoded, encoded);
      QUIPU_ASSERT(quipu::http::decode_query(encoded, again) && again == decoded, "{} became {}", decoded, again);
    }
  }
  return 0;
}
