// The memory that connections hold: one budget for all, and each connection's own bytes within it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/bytes.h"

namespace quipu::http {

class BufferBudget {
 public:
  explicit BufferBudget(std::size_t bytes_max) : bytes_max_{bytes_max} {}

  bool reserve(std::size_t bytes) noexcept {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  void release(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t used_bytes() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
};

// Received bytes that are no whole request yet, or whose turn has not come. Holds memory only while there are some.
class InputBuffer {
 public:
  explicit InputBuffer(BufferBudget& budget) : budget_{budget} {}
  ~InputBuffer() { clear(); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  char* data() { return bytes_.get() + begin_; }
  char* room() { return bytes_.get() + end_; }
  std::size_t room_bytes() const { return capacity_ - end_; }
  void add(std::size_t bytes) { end_ += bytes; }

  // What is left of the content: `size` bytes at `bytes`, inside the buffer.
  void keep(const char* bytes, std::size_t size) {
    begin_ = static_cast<std::size_t>(bytes - bytes_.get());
    end_ = begin_ + size;
    if (size == 0) clear();
  }

  // Makes `capacity` bytes fit from the start of the content on. False: the budget has not got them.
  bool hold(std::size_t capacity) {
    if (capacity <= capacity_) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
      return true;
    }
    if (!budget_.reserve(capacity)) return false;
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    const std::size_t content = size();
    if (content > 0) std::memcpy(bytes.get(), data(), content);
    clear();
    bytes_ = std::move(bytes);
    capacity_ = capacity;
    end_ = content;
    return true;
  }

  // Copies bytes from elsewhere into the (empty) buffer.
  bool store(const char* bytes, std::size_t size, std::size_t capacity) {
    QUIPU_ASSERT(empty() && size <= capacity, "{} bytes there, {} of {} to store", this->size(), size, capacity);
    if (!hold(capacity)) return false;
    std::memcpy(bytes_.get(), bytes, size);
    end_ = size;
    return true;
  }

  void clear() {
    budget_.release(capacity_);
    bytes_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  BufferBudget& budget_;
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Bytes that the peer has not taken yet.
class UnsentBuffer {
 public:
  explicit UnsentBuffer(BufferBudget& budget) : budget_{budget} {}
  ~UnsentBuffer() { clear(); }
  UnsentBuffer(const UnsentBuffer&) = delete;
  UnsentBuffer& operator=(const UnsentBuffer&) = delete;

  bool empty() const { return bytes_.empty(); }
  std::string_view rest() const { return std::string_view{bytes_}.substr(sent_); }

  // For writing into; account() must follow.
  std::string& bytes() { return bytes_; }

  // False: the budget has not got what was written. The connection cannot be kept then.
  bool account() {
    if (bytes_.size() <= reserved_) return true;
    if (!budget_.reserve(bytes_.size() - reserved_)) return false;
    reserved_ = bytes_.size();
    return true;
  }

  void sent(std::size_t bytes) {
    sent_ += bytes;
    if (sent_ == bytes_.size()) {
      clear();
    } else if (sent_ >= compact_bytes) {  // a stream may never be empty, and must not keep all it ever sent
      bytes_.erase(0, sent_);
      sent_ = 0;
      release_surplus();
    }
  }

  void clear() {
    bytes_.clear();
    bytes_.shrink_to_fit();
    sent_ = 0;
    release_surplus();
  }

 private:
  static constexpr std::size_t compact_bytes = 64_KiB;

  void release_surplus() {
    if (reserved_ <= bytes_.size()) return;
    budget_.release(reserved_ - bytes_.size());
    reserved_ = bytes_.size();
  }

  BufferBudget& budget_;
  std::string bytes_;
  std::size_t sent_ = 0;
  std::size_t reserved_ = 0;
};

}  // namespace quipu::http
