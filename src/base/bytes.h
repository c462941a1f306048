// Fixed-width integers in byte strings. Big-endian, so that byte order is number order: that is what keys need.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace quipu {

constexpr std::size_t operator""_KiB(unsigned long long n) {
  return static_cast<std::size_t>(n) << 10;
}
constexpr std::size_t operator""_MiB(unsigned long long n) {
  return static_cast<std::size_t>(n) << 20;
}
constexpr std::size_t operator""_GiB(unsigned long long n) {
  return static_cast<std::size_t>(n) << 30;
}

static_assert(std::endian::native == std::endian::little, "stored bytes are swapped to big-endian from here");

template <std::unsigned_integral T>
constexpr T to_big_endian(T value) {
  if constexpr (sizeof(T) == 1)
    return value;
  else
    return std::byteswap(value);
}

template <std::unsigned_integral T>
void append_big_endian(std::string& out, T value) {
  const T swapped = to_big_endian(value);
  out.append(reinterpret_cast<const char*>(&swapped), sizeof swapped);
}

// The first sizeof(T) bytes of `in`, which must be there.
template <std::unsigned_integral T>
T load_big_endian(std::string_view in) {
  QUIPU_ASSERT(in.size() >= sizeof(T), "{} bytes wanted, {} there", sizeof(T), in.size());
  T value;
  std::memcpy(&value, in.data(), sizeof value);
  return to_big_endian(value);
}

// Reads a byte string front to back; every read says whether the bytes were there. For decoding what a disk or a peer
// gave us, so nothing here asserts.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_{bytes} {}

  template <std::unsigned_integral T>
  bool read(T& value) {
    if (rest_.size() < sizeof(T)) return false;
    value = load_big_endian<T>(rest_);
    rest_.remove_prefix(sizeof(T));
    return true;
  }

  bool read(std::size_t size, std::string_view& bytes) {
    if (rest_.size() < size) return false;
    bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  // Unsigned LEB128 in its shortest form, at most ten bytes.
  bool read_varint(std::uint64_t& value);

  std::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

void append_varint(std::string& out, std::uint64_t value);

std::string to_hex(std::string_view bytes);
bool from_hex(std::string_view hex, std::string& bytes);

}  // namespace quipu
