// Every bound of the HTTP server, with the value that it has unless told otherwise. What is beyond a bound is refused
// with an answer that names it; nothing is buffered first.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace quipu::http {

// Headers of one request, and trailers of one chunked body. Fixed, because they are kept in an array.
inline constexpr std::size_t headers_max = 100;
// One line of a chunked body that gives a size, with its extensions, and all its trailer lines together.
inline constexpr std::size_t chunk_line_bytes_max = 256;
inline constexpr std::size_t trailer_bytes_max = 4_KiB;

struct Limits {
  std::size_t connections_max = 10'000;
  std::size_t header_bytes_max = 32_KiB;  // request line and headers together
  std::size_t target_bytes_max = 8_KiB;   // the path with its query
  std::size_t body_bytes_max = 1_MiB;
  // Requests for this path may have larger bodies. Empty: there is no such path.
  std::string_view large_body_path = {};
  std::size_t large_body_bytes_max = 0;
  // Bytes that the server keeps for all connections together: requests that are not whole yet, and answers that the
  // peers have not read yet.
  std::size_t buffered_bytes_max = 256_MiB;
  // A stream whose peer leaves more than this unread is closed.
  std::size_t stream_unsent_bytes_max = 256_KiB;

  std::chrono::milliseconds header_deadline{10'000};  // from the first byte of a request to the end of its headers
  std::chrono::milliseconds body_grace{10'000};       // so long a body may be slower than the rate below
  std::size_t body_rate_min_bytes_per_second = 1_KiB;
  std::chrono::milliseconds idle_deadline{60'000};  // between two requests of a connection
  // So long a peer may be slower in reading its answer than the rate above.
  std::chrono::milliseconds write_deadline{30'000};
  // After an error a connection reads and drops what still comes, so that the peer gets to read the answer.
  std::chrono::milliseconds linger_deadline{2'000};
  std::chrono::milliseconds stream_tick_interval{1'000};
};

}  // namespace quipu::http
