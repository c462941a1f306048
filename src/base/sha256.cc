#include "base/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "base/assert.h"

namespace quipu {

namespace {

// OpenSSL looks the algorithm up and allocates for each digest, unless it is given both; that costs more than to hash a
// key. One a thread, because a context is for one thread.
struct Hashing {
  using Digest = std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)>;
  using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

  Digest digest{EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free};
  Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

}  // namespace

Sha256 sha256(std::string_view bytes) {
  thread_local const Hashing hashing;
  Sha256 result;
  unsigned int size = 0;
  EVP_MD_CTX* const context = hashing.context.get();
  const bool good = hashing.digest != nullptr && context != nullptr &&
                    EVP_DigestInit_ex2(context, hashing.digest.get(), nullptr) == 1 &&
                    EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context, result.data(), &size) == 1;
  QUIPU_ASSERT(good && size == result.size(), "OpenSSL gave {} bytes", size);
  return result;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace quipu
