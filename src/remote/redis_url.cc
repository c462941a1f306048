#include "remote/redis_url.h"

#include <limits>
#include <optional>

#include "base/text.h"
#include "http/url.h"

namespace quipu::remote {

namespace {

constexpr unsigned database_max = 1'000'000;

template <class Number>
Result<Number> read_number(std::string_view what, std::string_view text, std::int64_t min, std::int64_t max) {
  const auto number = parse_int64(text);
  if (!number || *number < min || *number > max)
    return fail(ErrorCode::invalid_argument, "redis-url: the {} is a number from {} to {}, not {:?}", what, min, max,
                text);
  return static_cast<Number>(*number);
}

Result<std::string> decoded(std::string_view text) {
  std::string out;
  if (!http::percent_decode(text, out))
    return fail(ErrorCode::invalid_argument, "redis-url: a '%' must be followed by two hexadecimal digits");
  return out;
}

Result<> read_login(std::string_view login, RedisUrl& url) {
  const auto colon = login.find(':');
  if (colon == std::string_view::npos)
    return fail(ErrorCode::invalid_argument, "redis-url: before the '@' stands USER:PASSWORD or :PASSWORD");
  QUIPU_TRY(url.user, decoded(login.substr(0, colon)));
  QUIPU_TRY(url.password, decoded(login.substr(colon + 1)));
  return {};
}

Result<> read_address(std::string_view address, RedisUrl& url) {
  std::string_view port;
  std::optional<std::string_view> host;
  if (address.starts_with('[')) {
    const auto end = address.find(']');
    if (end == std::string_view::npos) return fail(ErrorCode::invalid_argument, "redis-url: '[' without ']'");
    host = address.substr(1, end - 1);
    port = address.substr(end + 1);
  } else {
    const auto colon = address.find(':');
    host = address.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view{} : address.substr(colon);
  }
  url.host = *host;
  if (url.host.empty() || url.host.find_first_of(" \t\r\n/@?#") != std::string::npos)
    return fail(ErrorCode::invalid_argument, "redis-url: expected HOST, HOST:PORT or redis://HOST:PORT/DATABASE");
  if (port.empty()) return {};
  if (!port.starts_with(':'))
    return fail(ErrorCode::invalid_argument, "redis-url: what is {:?} behind the host?", port);
  QUIPU_TRY(url.port, read_number<std::uint16_t>("port", port.substr(1), 1, std::numeric_limits<std::uint16_t>::max()));
  return {};
}

}  // namespace

std::string RedisUrl::shown() const {
  const bool is_v6 = host.contains(':');
  return fmt::format("{}://{}{}{}:{}/{}", tls ? "rediss" : "redis", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port,
                     database);
}

Result<RedisUrl> parse_redis_url(std::string_view text, std::uint16_t port) {
  RedisUrl url;
  if (port != 0) url.port = port;
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    const std::string_view name = text.substr(0, scheme);
    if (name != "redis" && name != "rediss")
      return fail(ErrorCode::invalid_argument, "redis-url: the scheme is redis or rediss, not {:?}", name);
    url.tls = name == "rediss";
    text.remove_prefix(scheme + 3);
  }
  if (const auto slash = text.find('/', text.rfind('@') == std::string_view::npos ? 0 : text.rfind('@'));
      slash != std::string_view::npos) {
    if (slash + 1 < text.size()) {
      QUIPU_TRY(url.database, read_number<unsigned>("database", text.substr(slash + 1), 0, database_max));
    }
    text = text.substr(0, slash);
  }
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    QUIPU_CHECK(read_login(text.substr(0, at), url));
    text.remove_prefix(at + 1);
  }
  QUIPU_CHECK(read_address(text, url));
  return url;
}

}  // namespace quipu::remote
