#include "aws/sigv4.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "aws/signing_time.h"
#include "base/sha256.h"
#include "base/text.h"

namespace quipu::aws {

namespace {

constexpr std::string_view algorithm_name = "AWS4-HMAC-SHA256";
constexpr std::string_view terminator = "aws4_request";
constexpr std::size_t credential_parts = 5;

std::unexpected<ApiError> unknown_caller() {
  return refuse(ErrorType::unrecognized_client, "The security token included in the request is invalid.");
}

std::unexpected<ApiError> invalid_signature(std::string message) {
  return refuse(ErrorType::invalid_signature, std::move(message));
}

std::unexpected<ApiError> incomplete_signature(std::string message) {
  return refuse(ErrorType::incomplete_signature, std::move(message));
}

std::string_view text_before(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view piece = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return piece;
}

using HexDigest = std::array<char, 2 * std::tuple_size_v<Sha256>>;

HexDigest hexadecimal(const Sha256& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  HexDigest text;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    text[2 * i] = digits[digest[i] >> 4];
    text[2 * i + 1] = digits[digest[i] & 0x0f];
  }
  return text;
}

std::string_view text_of(const HexDigest& digest) {
  return {digest.data(), digest.size()};
}

bool lists_header(std::string_view signed_headers, std::string_view name) {
  while (!signed_headers.empty())
    if (equal_ignoring_ascii_case(text_before(signed_headers, ';'), name)) return true;
  return false;
}

std::string_view parameter(const std::vector<QueryParameter>& query, std::string_view name) {
  const auto found = std::ranges::find(query, name, &QueryParameter::name);
  return found == query.end() ? std::string_view{} : std::string_view{found->value};
}

}  // namespace

Answer<SignatureVerifier::Claim> SignatureVerifier::read_header(const http::Request& request,
                                                                std::string_view authorization) {
  Claim claim;
  std::string_view rest = authorization;
  claim.algorithm = text_before(rest, ' ');
  bool has_headers = false;  // which may be an empty list here
  while (!rest.empty()) {
    const std::string_view pair = trim(text_before(rest, ','));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos)
      return incomplete_signature(fmt::format(
          "'{}' not a valid key=value pair (missing equal-sign) in Authorization header: '{}'.", pair, authorization));
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(equals + 1);
    if (name == "Credential") claim.credential = value;
    if (name == "Signature") claim.signature = value;
    if (name == "SignedHeaders") {
      claim.signed_headers = value;
      has_headers = true;
    }
  }
  claim.time_text = request.header("x-amz-date").value_or(request.header("date").value_or(""));
  claim.security_token = request.header("x-amz-security-token").value_or("");
  std::string missing;
  const auto require = [&missing](bool there, std::string_view name) {
    if (!there) missing += fmt::format("Authorization header requires '{}' parameter. ", name);
  };
  require(!claim.credential.empty(), "Credential");
  require(!claim.signature.empty(), "Signature");
  require(has_headers, "SignedHeaders");
  if (claim.time_text.empty())
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!missing.empty()) return incomplete_signature(fmt::format("{}Authorization={}", missing, authorization));
  return claim;
}

Answer<SignatureVerifier::Claim> SignatureVerifier::read_query_claim(const SignatureScratch& scratch) {
  Claim claim;
  claim.in_query = true;
  std::string missing;
  const auto take = [&](std::string_view name, std::string_view& value) {
    value = parameter(scratch.query, name);
    if (value.empty()) missing += fmt::format("AWS query-string parameters must include '{}'. ", name);
  };
  take("X-Amz-Algorithm", claim.algorithm);
  take("X-Amz-Credential", claim.credential);
  take(signature_parameter, claim.signature);
  take("X-Amz-SignedHeaders", claim.signed_headers);
  take("X-Amz-Date", claim.time_text);
  claim.security_token = parameter(scratch.query, "X-Amz-Security-Token");
  claim.expires = parameter(scratch.query, "X-Amz-Expires");
  if (!missing.empty()) return incomplete_signature(missing + "Re-examine the query-string parameters.");
  return claim;
}

Answer<> SignatureVerifier::check_time(Claim& claim, std::int64_t now_ms, SignatureScratch& scratch) {
  auto time = parse_basic_time(claim.time_text);
  claim.basic_time = claim.time_text;
  if (!time && !claim.in_query) {
    time = parse_http_time(claim.time_text);
    scratch.time = format_basic_time(time.value_or(0));
    claim.basic_time = scratch.time;
  }
  if (!time)
    return incomplete_signature(
        fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601",
                    claim.time_text));
  claim.time = *time;
  const std::int64_t now = now_ms / 1000;
  const std::int64_t skew = signature_skew_minutes * 60;
  std::int64_t valid_for = skew;
  if (!claim.expires.empty()) {
    const auto expires = parse_int64(claim.expires);
    if (!expires || *expires < 1 || *expires > query_signature_seconds_max)
      return incomplete_signature(
          fmt::format("X-Amz-Expires must be between 1 and {} seconds", query_signature_seconds_max));
    valid_for = *expires;
  }
  if (claim.time + valid_for < now && claim.expires.empty())
    return invalid_signature(fmt::format("Signature expired: {} is now earlier than {} ({} - {} min.)",
                                         format_basic_time(claim.time), format_basic_time(now - skew),
                                         format_basic_time(now), signature_skew_minutes));
  if (claim.time + valid_for < now)
    return invalid_signature(fmt::format("Signature expired: {} is now earlier than {}",
                                         format_basic_time(claim.time + valid_for), format_basic_time(now)));
  if (claim.time > now + skew)
    return invalid_signature(fmt::format("Signature not yet current: {} is still later than {} ({} + {} min.)",
                                         format_basic_time(claim.time), format_basic_time(now + skew),
                                         format_basic_time(now), signature_skew_minutes));
  return {};
}

Answer<> SignatureVerifier::check_signed_headers(const http::Request& request, const Claim& claim) {
  const auto require = [&](std::string_view name, std::string_view shown) -> Answer<> {
    if (lists_header(claim.signed_headers, name)) return {};
    return invalid_signature(fmt::format("'{}' must be a 'SignedHeader' in the AWS Authorization.", shown));
  };
  QUIPU_CHECK(require("host", "Host"));
  for (const std::string_view name : {"X-Amz-Target", "X-Amz-Security-Token"})
    if (request.header(name)) QUIPU_CHECK(require(name, name));
  return {};
}

Answer<> SignatureVerifier::check_scope(Claim& claim) const {
  if (claim.algorithm != algorithm_name)
    return incomplete_signature(
        fmt::format("Unsupported AWS 'algorithm': '{}' (only {} for now). ", claim.algorithm, algorithm_name));
  std::string_view rest = claim.credential;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (static_cast<std::size_t>(std::ranges::count(rest, '/')) != credential_parts - 1)
    return incomplete_signature(
        fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
                    "got '{}'",
                    claim.credential));
  claim.access_key_id = text_before(rest, '/');
  claim.date = text_before(rest, '/');
  claim.region = text_before(rest, '/');
  const std::string_view service = text_before(rest, '/');
  std::string wrong;
  const auto add = [&wrong](const std::string& sentence) {
    if (!wrong.empty()) wrong += ' ';
    wrong += sentence;
  };
  if (claim.region.empty()) add("Credential should be scoped to a valid region, not ''.");
  if (service != service_) add(fmt::format("Credential should be scoped to correct service: '{}'.", service_));
  if (rest != terminator)
    add(fmt::format("Credential should be scoped with a valid terminator: '{}', not '{}'.", terminator, rest));
  if (claim.date != claim.basic_time.substr(0, 8))
    add(
        fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    "'{}' != '{}', from '{}'.",
                    claim.date, claim.basic_time.substr(0, 8), claim.basic_time));
  if (!wrong.empty()) return invalid_signature(std::move(wrong));
  return {};
}

std::optional<HmacKey> SignatureVerifier::kept_key(const Claim& claim, std::string_view secret,
                                                   SignatureScratch& scratch) const {
  std::string& name = scratch.key_name;
  name.assign(claim.access_key_id).append("/").append(claim.date).append("/").append(claim.region);
  return keys_.with([&](auto& keys) -> std::optional<HmacKey> {
    const auto found = keys.find(name);
    if (found == keys.end() || !equal_in_constant_time(found->second.secret, secret)) return std::nullopt;
    return found->second.key;
  });
}

HmacKey SignatureVerifier::derive_key(const Claim& claim, std::string_view secret, Hasher& hasher) const {
  const HmacKey of_secret{hasher, std::string{"AWS4"}.append(secret)};
  const HmacKey of_date{hasher, bytes_of(of_secret.sign(hasher, claim.date))};
  const HmacKey of_region{hasher, bytes_of(of_date.sign(hasher, claim.region))};
  const HmacKey of_service{hasher, bytes_of(of_region.sign(hasher, service_))};
  return HmacKey{hasher, bytes_of(of_service.sign(hasher, terminator))};
}

void SignatureVerifier::keep_key(const std::string& name, std::string_view secret, const HmacKey& key) const {
  keys_.with([&](auto& keys) {
    if (keys.size() >= signing_keys_kept_max) keys.clear();
    keys.insert_or_assign(name, SigningKey{std::string{secret}, key});
  });
}

Answer<> SignatureVerifier::check_signature(const http::Request& request, const Claim& claim, std::string_view secret,
                                            SignatureScratch& scratch) const {
  Hasher& hasher = scratch.hasher;
  const HexDigest payload_hash = hexadecimal(hasher.hash(request.body()));
  std::string_view bound_hash = text_of(payload_hash);
  if (const auto claimed = request.header("x-amz-content-sha256"); claimed && *claimed != bound_hash) {
#ifdef QUIPU_BUG_SIGNATURE_WITHOUT_BODY
    bound_hash = *claimed;
#else
    return invalid_signature("The provided 'x-amz-content-sha256' header does not match what was computed.");
#endif
  }
  write_canonical_request(request, scratch.query, claim.signed_headers, bound_hash, scratch.text);
  const HexDigest request_hash = hexadecimal(hasher.hash(scratch.text));
  scratch.text.assign(algorithm_name).append("\n").append(claim.basic_time).append("\n");
  scratch.text.append(claim.date).append("/").append(claim.region).append("/").append(service_).append("/");
  scratch.text.append(terminator).append("\n").append(text_of(request_hash));
  const auto kept = kept_key(claim, secret, scratch);
  const HmacKey key = kept ? *kept : derive_key(claim, secret, hasher);
  if (!equal_in_constant_time(text_of(hexadecimal(key.sign(hasher, scratch.text))), claim.signature))
    return invalid_signature(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.");
  // Only what was proven is kept, so that nobody without a secret drives the others out.
  if (!kept) keep_key(scratch.key_name, secret, key);
  return {};
}

Answer<SignatureVerifier::Known> SignatureVerifier::identify(const http::Request& request, std::int64_t now_ms,
                                                             SignatureScratch& scratch) const {
  const auto authorization = request.header("authorization");
  if (!read_query(request.query(), scratch.query)) return invalid_signature("The query string is malformed.");
  const bool in_query =
      std::ranges::find(scratch.query, "X-Amz-Algorithm", &QueryParameter::name) != scratch.query.end();
  if (authorization && in_query)
    return invalid_signature(
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  const std::string_view header = trim(authorization.value_or(""));
  if (!in_query && !header.starts_with("AWS4-"))
    return refuse(ErrorType::missing_authentication_token, "Request is missing Authentication Token");
  QUIPU_TRY(Claim claim, in_query ? read_query_claim(scratch) : read_header(request, header));
  QUIPU_CHECK(check_time(claim, now_ms, scratch));
  QUIPU_CHECK(check_signed_headers(request, claim));
  QUIPU_CHECK(check_scope(claim));
  auto credential = credentials_.find(claim.access_key_id);
  if (!credential) return unknown_caller();
  return Known{claim, *std::move(credential)};
}

Answer<> SignatureVerifier::check_head(const http::Request& request, std::int64_t now_ms,
                                       SignatureScratch& scratch) const {
  QUIPU_CHECK(identify(request, now_ms, scratch));
  return {};
}

Answer<Signer> SignatureVerifier::verify(const http::Request& request, std::int64_t now_ms,
                                         SignatureScratch& scratch) const {
  QUIPU_TRY(const Known known, identify(request, now_ms, scratch));
  const Claim& claim = known.claim;
  QUIPU_CHECK(check_signature(request, claim, known.credential.secret, scratch));
  if (!equal_in_constant_time(known.credential.session_token, claim.security_token)) return unknown_caller();
  return Signer{claim.access_key_id, claim.region};
}

}  // namespace quipu::aws
