#include "app/remote.h"

#include "app/settings.h"
#include "base/json_reader.h"
#include "http/url.h"

namespace quipu::app {

namespace {

struct Address {
  bool tls = false;
  std::string host;
  std::uint16_t port = 0;
};

Result<Address> parse_url(std::string_view url) {
  Address address;
  std::string_view rest = url;
  constexpr std::string_view http_scheme = "http://";
  constexpr std::string_view https_scheme = "https://";
  if (rest.starts_with(https_scheme)) {
    address.tls = true;
    rest.remove_prefix(https_scheme.size());
  } else if (rest.starts_with(http_scheme)) {
    rest.remove_prefix(http_scheme.size());
  } else {
    return fail(ErrorCode::invalid_argument, "expected a URL like http://127.0.0.1:7070, not {:?}", url);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const bool has_port = !rest.ends_with(']') && rest.find(':') != std::string_view::npos;
  const std::string with_port = has_port ? std::string{rest} : fmt::format("{}:{}", rest, address.tls ? 443 : 80);
  if (!parse_listen(with_port, address.host, address.port))
    return fail(ErrorCode::invalid_argument, "expected a URL like http://127.0.0.1:7070, not {:?}", url);
  return address;
}

// The server's own words, if the body is one of its errors.
Error error_of(const http::ClientResponse& response) {
  std::string code;
  std::string description;
  JsonReader json{response.body};
  std::string_view member;
  std::string_view text;
  json.begin_object();
  while (json.next_member(member)) {
    const bool is_code = member == "error_code";
    if (!is_code && member != "error_description")
      json.skip_value();
    else if (json.read_string(text))
      (is_code ? code : description) = text;
  }
  if (json.failed() || code.empty())
    return {ErrorCode::unavailable, fmt::format("the server answered {}: {}", response.status, response.body)};
  if (!description.empty()) return {ErrorCode::invalid_argument, fmt::format("{}: {}", code, description)};
  return {ErrorCode::invalid_argument, fmt::format("{} {}", code, response.body)};
}

}  // namespace

Result<Remote> Remote::connect(const RemoteOptions& options) {
  QUIPU_TRY(const Address address, parse_url(options.url));
  http::ClientOptions client_options{.tls = address.tls, .ca_file = options.ca_file, .insecure = options.insecure};
  QUIPU_TRY(auto client, http::Client::connect(address.host, address.port, client_options));
  return Remote{std::move(client), options.api_key};
}

std::vector<http::Header> Remote::headers(std::string_view idempotency_key) const {
  std::vector<http::Header> headers;
  if (!api_key_.empty()) headers.push_back({"x-api-key", api_key_});
  if (!idempotency_key.empty()) headers.push_back({"Idempotency-Key", idempotency_key});
  return headers;
}

Result<std::string> Remote::call(http::Method method, std::string_view target, std::string_view body,
                                 std::string_view idempotency_key) {
  QUIPU_TRY(auto response, client_.request(method, target, headers(idempotency_key), body));
  if (response.status / 100 != 2) return std::unexpected(error_of(response));
  return std::move(response.body);
}

Result<> Remote::events(std::string_view target, const std::function<bool(std::string_view)>& on_event) {
  std::string pending;
  QUIPU_TRY(const auto response,
            client_.stream(http::Method::get, target, headers({}), {}, [&](std::string_view bytes) {
              pending += bytes;
              for (std::size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
                const std::string line = pending.substr(0, end);
                pending.erase(0, end + 1);
                constexpr std::string_view data = "data: ";
                if (line.starts_with(data) && !on_event(std::string_view{line}.substr(data.size()))) return false;
              }
              return true;
            }));
  if (response.status / 100 != 2) return std::unexpected(error_of(response));
  return {};
}

std::string target_of(std::string_view path,
                      std::initializer_list<std::pair<std::string_view, std::string_view>> query) {
  std::string target{path};
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    target.push_back(separator);
    target += name;
    target.push_back('=');
    http::percent_encode(value, target);
    separator = '&';
  }
  return target;
}

}  // namespace quipu::app
