#include "base/hmac.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/assert.h"

namespace quipu {

struct Hasher::State {
  EVP_MD* digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Hasher::Hasher() : state_{std::make_unique<State>()} {
  QUIPU_ASSERT(state_->digest != nullptr && state_->context != nullptr, "no SHA-256 in OpenSSL");
}

Hasher::~Hasher() {
  EVP_MD_CTX_free(state_->context);
  EVP_MD_free(state_->digest);
}

Sha256 Hasher::hash(std::string_view first, std::string_view second) {
  Sha256 result;
  unsigned int size = 0;
  const bool good = EVP_DigestInit_ex2(state_->context, state_->digest, nullptr) == 1 &&
                    EVP_DigestUpdate(state_->context, first.data(), first.size()) == 1 &&
                    EVP_DigestUpdate(state_->context, second.data(), second.size()) == 1 &&
                    EVP_DigestFinal_ex(state_->context, result.data(), &size) == 1;
  QUIPU_ASSERT(good && size == result.size(), "OpenSSL gave {} bytes", size);
  return result;
}

HmacKey::HmacKey(Hasher& hasher, std::string_view key) {
  std::array<char, block_bytes> block{};
  const Sha256 short_key = key.size() > block.size() ? hasher.hash(key) : Sha256{};
  std::ranges::copy(key.size() > block.size() ? bytes_of(short_key) : key, block.begin());
  std::ranges::transform(block, inner_.begin(), [](char c) { return static_cast<char>(c ^ 0x36); });
  std::ranges::transform(block, outer_.begin(), [](char c) { return static_cast<char>(c ^ 0x5c); });
}

Sha256 HmacKey::sign(Hasher& hasher, std::string_view message) const {
  const Sha256 inside = hasher.hash({inner_.data(), inner_.size()}, message);
  return hasher.hash({outer_.data(), outer_.size()}, bytes_of(inside));
}

}  // namespace quipu
