// Memory of one request: pieces are handed out front to back and given back all at once. What is handed out is never
// destroyed, so only trivially destructible things may live here.
//
// A connection keeps its arena; after the first requests it has the chunks that its requests need and nothing is
// allocated any more. One large request does not stay: reset() keeps at most arena_kept_bytes_max.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "base/bytes.h"

namespace quipu::aws {

inline constexpr std::size_t arena_chunk_bytes = 16_KiB;
inline constexpr std::size_t arena_kept_bytes_max = 32_KiB;  // for each connection, of which there may be thousands

class Arena {
 public:
  // Everything handed out so far is void.
  void reset();

  // `count` elements without a value yet.
  template <class T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= alignof(std::max_align_t));
    return {static_cast<T*>(take(count * sizeof(T))), count};
  }

  std::size_t reserved_bytes() const { return reserved_bytes_; }

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };

  void* take(std::size_t bytes);
  void next_chunk(std::size_t bytes);

  std::vector<Chunk> chunks_;
  std::size_t current_ = 0;  // the chunk that pieces are taken from, if there is any
  std::size_t used_ = 0;     // of that chunk
  std::size_t reserved_bytes_ = 0;
};

}  // namespace quipu::aws
