#include "remote/momento_key.h"

#include <array>

#include "base/json_reader.h"

namespace quipu::remote::momento {

namespace {

constexpr std::string_view tls_port = ":443";

// Both alphabets, with or without padding; nothing if it is not base64.
std::optional<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto digit = alphabet.find(c == '-' ? '+' : c == '_' ? '/' : c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if ((held += 6) < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>(bits >> held & 0xff));
  }
  return bytes;
}

// Members that are texts.
struct Claims {
  std::string endpoint, api_key;  // of version 1 keys
  std::string cache, control;     // of the oldest keys
};

std::optional<Claims> read_claims(std::string_view text) {
  Claims claims;
  JsonReader json{text};
  std::string_view name;
  std::string_view value;
  json.begin_object();
  while (json.next_member(name)) {
    std::string* wanted = name == "endpoint"  ? &claims.endpoint
                          : name == "api_key" ? &claims.api_key
                          : name == "c"       ? &claims.cache
                          : name == "cp"      ? &claims.control
                                              : nullptr;
    if (wanted == nullptr || json.peek_type() != JsonType::string)
      json.skip_value();
    else if (json.read_string(value))
      *wanted = value;
  }
  if (!json.finish()) return std::nullopt;
  return claims;
}

// The console gives the host as it is, that of its HTTP API, or that of the cache service.
std::string_view bare_endpoint(std::string_view endpoint) {
  if (endpoint.starts_with("https://")) endpoint.remove_prefix(8);
  while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  for (const std::string_view prefix : {"api.cache.", "cache.", "control.", "api."})
    if (endpoint.starts_with(prefix)) return endpoint.substr(prefix.size());
  return endpoint;
}

void place(Access& access, std::string_view endpoint) {
  const std::string_view host = bare_endpoint(endpoint);
  const std::string_view port = host.find(':') == std::string_view::npos ? tls_port : "";
  access.cache_address = fmt::format("cache.{}{}", host, port);
  access.control_address = fmt::format("control.{}{}", host, port);
}

}  // namespace

Result<Access> read_access(const MomentoSettings& settings) {
  Access access{.token = settings.api_key};
  Claims claims;
  if (const auto inside = decode_base64(settings.api_key)) {
    if (auto found = read_claims(*inside); found && !found->api_key.empty()) claims = std::move(*found);
  } else if (const auto dot = settings.api_key.find('.'); dot != std::string::npos) {
    const std::string_view rest = std::string_view{settings.api_key}.substr(dot + 1);
    if (const auto payload = decode_base64(rest.substr(0, rest.find('.'))))
      if (auto found = read_claims(*payload)) claims = std::move(*found);
  }
  if (!claims.api_key.empty()) access.token = claims.api_key;
  constexpr std::string_view plain = "http://";
  if (settings.endpoint.starts_with(plain)) {
    access.tls = false;
    access.cache_address = access.control_address = settings.endpoint.substr(plain.size());
    return access;
  }
  if (!claims.endpoint.empty()) {
    place(access, claims.endpoint);
  } else if (!settings.endpoint.empty()) {
    place(access, settings.endpoint);
  } else if (!claims.cache.empty() && !claims.control.empty()) {
    access.cache_address = claims.cache + std::string{tls_port};
    access.control_address = claims.control + std::string{tls_port};
  } else {
    return fail(ErrorCode::invalid_argument,
                "Momento's endpoint is not known: the API key does not say it, so the file must, as `endpoint`");
  }
  return access;
}

}  // namespace quipu::remote::momento
