// Who sent a request? AWS Signature Version 4, as a header (Authorization: AWS4-HMAC-SHA256 Credential=..., ...) or in
// the query (X-Amz-Algorithm=AWS4-HMAC-SHA256&...), with the errors of DynamoDB.
//
// What must be signed: the host, and of what decides the meaning of a request all that is there: X-Amz-Target,
// X-Amz-Security-Token and the body. The body's hash is always our own; X-Amz-Content-Sha256, if it is there, must be
// the same, so that "UNSIGNED-PAYLOAD" is no way around it. Any region is taken.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/api_error.h"
#include "aws/canonical_request.h"
#include "base/guarded.h"
#include "base/hmac.h"
#include "http/message.h"

namespace quipu::aws {

inline constexpr std::int64_t signature_skew_minutes = 5;
inline constexpr std::int64_t query_signature_seconds_max = 7 * 24 * 3600;  // X-Amz-Expires
inline constexpr std::size_t signing_keys_kept_max = 1024;

struct Credential {
  std::string secret;
  std::string session_token;  // of a temporary credential; else empty
};

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  virtual std::optional<Credential> find(std::string_view access_key_id) const = 0;
};

// Who signed; views into the request, or into the scratch if the signature is in the query.
struct Signer {
  std::string_view access_key_id;
  std::string_view region;
};

// Memory that one verification needs; kept by the connection.
struct SignatureScratch {
  Hasher hasher;
  std::vector<QueryParameter> query;
  std::string text;
  std::string key_name;
  std::string time;
};

// May be used by all loops at once.
class SignatureVerifier {
 public:
  // `credentials` outlives it.
  explicit SignatureVerifier(const CredentialSource& credentials, std::string_view service = "dynamodb")
      : credentials_{credentials}, service_{service} {}

  Answer<Signer> verify(const http::Request& request, std::int64_t now_ms, SignatureScratch& scratch) const;
  // What can be said while the body is still under way: whether verify() will refuse it whatever the body is, but for a
  // signature that is wrong.
  Answer<> check_head(const http::Request& request, std::int64_t now_ms, SignatureScratch& scratch) const;

 private:
  // What the request says about its signature.
  struct Claim {
    std::string_view algorithm;
    std::string_view credential;
    std::string_view signed_headers;
    std::string_view signature;
    std::string_view time_text;
    std::string_view security_token;
    std::string_view expires;  // of the query form
    bool in_query = false;
    // Parts of the credential.
    std::string_view access_key_id;
    std::string_view date;
    std::string_view region;
    std::int64_t time = 0;
    std::string_view basic_time;  // the same as it is signed: 20150830T123600Z
  };
  struct SigningKey {
    std::string secret;  // from which it was made: another one may have come under the same id
    HmacKey key;
  };

  struct Known {
    Claim claim;
    Credential credential;
  };

  Answer<Known> identify(const http::Request& request, std::int64_t now_ms, SignatureScratch& scratch) const;
  static Answer<Claim> read_header(const http::Request& request, std::string_view authorization);
  static Answer<Claim> read_query_claim(const SignatureScratch& scratch);
  static Answer<> check_time(Claim& claim, std::int64_t now_ms, SignatureScratch& scratch);
  static Answer<> check_signed_headers(const http::Request& request, const Claim& claim);
  Answer<> check_scope(Claim& claim) const;
  Answer<> check_signature(const http::Request& request, const Claim& claim, std::string_view secret,
                           SignatureScratch& scratch) const;
  // The key that is kept, if it is of this secret. Leaves its name in the scratch.
  std::optional<HmacKey> kept_key(const Claim& claim, std::string_view secret, SignatureScratch& scratch) const;
  HmacKey derive_key(const Claim& claim, std::string_view secret, Hasher& hasher) const;
  void keep_key(const std::string& name, std::string_view secret, const HmacKey& key) const;

  const CredentialSource& credentials_;
  const std::string service_;
  mutable Guarded<std::map<std::string, SigningKey, std::less<>>> keys_;  // by access key id, date and region
};

}  // namespace quipu::aws
