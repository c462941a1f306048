#include "aws/arena.h"

#include <algorithm>

namespace quipu::aws {

void Arena::reset() {
  current_ = 0;
  used_ = 0;
  while (reserved_bytes_ > arena_kept_bytes_max) {
    reserved_bytes_ -= chunks_.back().size;
    chunks_.pop_back();
  }
}

void* Arena::take(std::size_t bytes) {
  constexpr std::size_t alignment = alignof(std::max_align_t);
  bytes = (bytes + alignment - 1) & ~(alignment - 1);
  if (current_ >= chunks_.size() || chunks_[current_].size - used_ < bytes) next_chunk(bytes);
  void* const piece = chunks_[current_].bytes.get() + used_;
  used_ += bytes;
  return piece;
}

void Arena::next_chunk(std::size_t bytes) {
  if (current_ < chunks_.size()) ++current_;
  used_ = 0;
  // A chunk that is kept but too small for this piece is passed over; it serves again after the next reset.
  while (current_ < chunks_.size() && chunks_[current_].size < bytes) ++current_;
  if (current_ < chunks_.size()) return;
  // Each new chunk is as large as all before, so a body of any size takes few of them.
  const std::size_t size = std::max({bytes, arena_chunk_bytes, std::min(reserved_bytes_, 1_MiB)});
  chunks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
  reserved_bytes_ += size;
}

}  // namespace quipu::aws
