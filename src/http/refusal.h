// Why the server itself answers a request with an error, before any handler has seen it.
#pragma once

#include <cstdint>
#include <string>

#include "http/limits.h"

namespace quipu::http {

enum class Refusal : std::uint8_t {
  request_line,
  target,
  version,
  line_end,
  header,
  folded_header,
  host,
  content_length,
  both_lengths,
  transfer_encoding,
  transfer_encoding_unknown,
  expectation,
  chunk,
  target_too_long,
  header_too_large,
  too_many_headers,
  trailer_too_large,
  body_too_large,
  header_deadline,
  body_deadline,
  too_many_connections,
  too_many_buffered_bytes,
  stopping,
};

int refusal_status(Refusal refusal);

// {"error_code":"...","error_description":"what was wrong and what to do"}
std::string refusal_body(Refusal refusal, const Limits& limits);

}  // namespace quipu::http
