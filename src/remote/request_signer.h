// AWS Signature Version 4 for requests that Quipu itself sends: POST / with the headers host, x-amz-date, x-amz-target
// and, of a temporary credential, x-amz-security-token. The other side of it is aws/sigv4.h. Used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hmac.h"

namespace quipu::remote {

struct AwsCredential {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty: a lasting credential
};

class RequestSigner {
 public:
  RequestSigner(AwsCredential credential, std::string region, std::string service);

  // Call it with the time of the request; then authorization() and time() are the values of the headers
  // Authorization and X-Amz-Date.
  void sign(std::string_view host, std::string_view target, std::string_view body, std::int64_t unix_seconds);
  const std::string& authorization() const { return authorization_; }
  const std::string& time() const { return time_; }
  const std::string& session_token() const { return credential_.session_token; }

 private:
  const HmacKey& key_of_day(std::string_view day);

  AwsCredential credential_;
  std::string region_;
  std::string service_;
  Hasher hasher_;
  std::string day_;  // that key_ is for
  std::optional<HmacKey> key_;
  std::string time_;
  std::string authorization_;
};

}  // namespace quipu::remote
