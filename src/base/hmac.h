// SHA-256 and HMAC-SHA-256 (RFC 2104) in pieces. The object is kept and used again: what costs most with OpenSSL is to
// set a digest up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/sha256.h"

namespace quipu {

class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  Sha256 hash(std::string_view bytes) { return hash({}, bytes); }
  // Of the one after the other.
  Sha256 hash(std::string_view first, std::string_view second);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A key of HMAC, made ready.
class HmacKey {
 public:
  HmacKey(Hasher& hasher, std::string_view key);

  Sha256 sign(Hasher& hasher, std::string_view message) const;

 private:
  static constexpr std::size_t block_bytes = 64;

  std::array<char, block_bytes> inner_;
  std::array<char, block_bytes> outer_;
};

inline std::string_view bytes_of(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace quipu
