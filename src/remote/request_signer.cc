#include "remote/request_signer.h"

#include <fmt/chrono.h>

#include "base/bytes.h"

namespace quipu::remote {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view terminator = "aws4_request";
constexpr std::size_t day_size = 8;  // of 20260301T120000Z

}  // namespace

RequestSigner::RequestSigner(AwsCredential credential, std::string region, std::string service)
    : credential_{std::move(credential)}, region_{std::move(region)}, service_{std::move(service)} {}

const HmacKey& RequestSigner::key_of_day(std::string_view day) {
  if (key_ && day_ == day) return *key_;
  const HmacKey of_secret{hasher_, "AWS4" + credential_.secret_access_key};
  const HmacKey of_day{hasher_, bytes_of(of_secret.sign(hasher_, day))};
  const HmacKey of_region{hasher_, bytes_of(of_day.sign(hasher_, region_))};
  const HmacKey of_service{hasher_, bytes_of(of_region.sign(hasher_, service_))};
  key_.emplace(hasher_, bytes_of(of_service.sign(hasher_, terminator)));
  day_ = day;
  return *key_;
}

void RequestSigner::sign(std::string_view host, std::string_view target, std::string_view body,
                         std::int64_t unix_seconds) {
  time_ = fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_seconds)));
  const std::string_view day = std::string_view{time_}.substr(0, day_size);
  const bool has_token = !credential_.session_token.empty();
  const std::string_view names =
      has_token ? "host;x-amz-date;x-amz-security-token;x-amz-target" : "host;x-amz-date;x-amz-target";
  const std::string token = has_token ? fmt::format("x-amz-security-token:{}\n", credential_.session_token) : "";
  const std::string request = fmt::format("POST\n/\n\nhost:{}\nx-amz-date:{}\n{}x-amz-target:{}\n\n{}\n{}", host, time_,
                                          token, target, names, to_hex(bytes_of(hasher_.hash(body))));
  const std::string scope = fmt::format("{}/{}/{}/{}", day, region_, service_, terminator);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", algorithm, time_, scope, to_hex(bytes_of(hasher_.hash(request))));
  authorization_ =
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm, credential_.access_key_id, scope,
                  names, to_hex(bytes_of(key_of_day(day).sign(hasher_, to_sign))));
}

}  // namespace quipu::remote
