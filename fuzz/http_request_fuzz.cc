// Any bytes at all as the input of a connection: the parser must neither read out of bounds nor see two different
// things when the same bytes come in different pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/request_parser.h"

namespace {

using quipu::http::Limits;
using quipu::http::Request;
using quipu::http::RequestParser;

constexpr Limits limits{.header_bytes_max = 4'096, .target_bytes_max = 1'024, .body_bytes_max = 4'096};

std::string outcome(std::string_view input, std::size_t fragment_bytes) {
  std::string seen;
  std::string buffer;
  RequestParser parser;
  Request request;
  while (!input.empty()) {
    const std::size_t piece = std::min(fragment_bytes, input.size());
    std::string grown = buffer;
    grown.append(input.substr(0, piece));
    grown.shrink_to_fit();
    buffer.swap(grown);
    input.remove_prefix(piece);
    for (bool goes_on = true; goes_on;) {
      std::size_t size = buffer.size();
      switch (parser.parse(limits, buffer.data(), size, request)) {
        case RequestParser::Status::refused: return seen + quipu::http::refusal_body(parser.refusal(), limits);
        case RequestParser::Status::incomplete:
          buffer.resize(size);
          goes_on = false;
          break;
        case RequestParser::Status::complete:
          seen.append(request.method_name()).append(request.target()).append(request.body()).append("\n");
          for (const auto& header : request.headers()) seen.append(header.name).append(header.value);
          QUIPU_ASSERT(parser.consumed() > 0 && parser.consumed() <= buffer.size(), "{} consumed", parser.consumed());
          buffer.erase(0, parser.consumed());
          parser = RequestParser{};
          goes_on = !buffer.empty();
          break;
      }
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::size_t fragment_bytes = 1 + data[0] % 31;
  const std::string whole = outcome(input, input.size());
  const std::string pieces = outcome(input, fragment_bytes);
  QUIPU_ASSERT(whole == pieces, "in fragments of {}:\n{}\nwhole:\n{}", fragment_bytes, pieces, whole);
  return 0;
}
