#include "http/client.h"

#include <algorithm>

#include "http/response_reader.h"
#include "http/wire.h"

namespace quipu::http {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

bool is_plain_text(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool sends_length(Method method, std::string_view body) {
  return !body.empty() || method == Method::post || method == Method::put || method == Method::patch;
}

// `[::1]` as it stands in a URL, `::1` as the resolver wants it.
std::string_view without_brackets(std::string_view host) {
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return has_brackets ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

std::optional<std::string_view> ClientResponse::header(std::string_view name) const {
  for (const ClientHeader& header : headers) {
    if (equal_ignoring_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

struct Client::Parts {
  std::string host;
  std::string host_header;
  std::uint16_t port = 0;
  ClientOptions options;
  std::optional<TlsContext> tls;
  std::unique_ptr<Wire> wire;  // null: to be connected again
  std::string request;

  Result<> connect();
  Result<> write_request(Method method, std::string_view target, std::span<const Header> headers,
                         std::string_view body);
  Result<ClientResponse> call(Method method, std::string_view target, std::span<const Header> headers,
                              std::string_view body, const ResponseReader::OnBytes* on_bytes);
  Result<ClientResponse> read_answer(Method method, const ResponseReader::OnBytes* on_bytes, bool sent_whole);
  std::string address() const { return fmt::format("{}:{}", host, port); }
};

Result<> Client::Parts::connect() {
  if (options.tls) ignore_broken_pipes_in_this_thread();
  const MonotonicTime deadline = std::chrono::steady_clock::now() + options.connect_timeout;
  QUIPU_TRY(wire, Wire::connect(host, port, tls ? &*tls : nullptr, deadline));
  return {};
}

Result<> Client::Parts::write_request(Method method, std::string_view target, std::span<const Header> headers,
                                      std::string_view body) {
  const bool has_target = !target.empty() && (target.front() == '/' || target == "*");
  if (!has_target || !is_plain_text(target) || target.contains(' ') || method == Method::other) {
    return fail(ErrorCode::invalid_argument, "cannot request {} '{}': a target begins with '/' and has no spaces",
                to_string(method), target);
  }
  request.clear();
  request.append(to_string(method)).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(host_header);
  request.append("\r\n");
  for (const Header& header : headers) {
    if (header.name.empty() || !is_plain_text(header.name) || !is_plain_text(header.value)) {
      return fail(ErrorCode::invalid_argument, "cannot send the header '{}': it has control characters", header.name);
    }
    request.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (sends_length(method, body)) request.append(fmt::format("Content-Length: {}\r\n", body.size()));
  request.append("\r\n").append(body);
  return {};
}

Result<ClientResponse> Client::Parts::call(Method method, std::string_view target, std::span<const Header> headers,
                                           std::string_view body, const ResponseReader::OnBytes* on_bytes) {
  QUIPU_CHECK(write_request(method, target, headers, body));
  if (wire && wire->is_stale()) wire.reset();
  if (!wire) QUIPU_CHECK(connect());
  wire->set_deadline(std::chrono::steady_clock::now() + options.call_timeout);
  wire->set_silence_max(on_bytes != nullptr ? options.call_timeout : std::chrono::milliseconds::zero());
  const auto sent = wire->write(request);
  auto response = read_answer(method, on_bytes, sent.has_value());
  if (response || sent) return response;
  // A server may refuse before it has read everything. It has not, so the request was not whole and not executed.
  return fail(ErrorCode::unavailable, "the request to {} was not sent whole: {}", address(), sent.error().message);
}

Result<ClientResponse> Client::Parts::read_answer(Method method, const ResponseReader::OnBytes* on_bytes,
                                                  bool sent_whole) {
  std::unique_ptr<Wire> used = std::move(wire);  // only a connection that is known to be sound comes back
  ResponseReader reader{*used, options.header_bytes_max, options.body_bytes_max};
  ClientResponse response;
  const auto explain = [&](const Error& error) {
    if (error.code == ErrorCode::too_large) return fail(error.code, "no answer from {}: {}", address(), error.message);
    return fail(ErrorCode::outcome_unknown, "no answer from {}: {}; the request may have been executed", address(),
                error.message);
  };
  if (const auto head = reader.read_head(response); !head) return explain(head.error());
  const bool is_stream = on_bytes != nullptr && response.status >= 200 && response.status <= 299;
  auto whole = reader.read_body(response, method == Method::head, is_stream ? on_bytes : nullptr);
  if (!whole) return explain(whole.error());
  if (*whole && sent_whole && reader.keeps_alive()) wire = std::move(used);
  return response;
}

Client::Client(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(std::string_view host, std::uint16_t port, ClientOptions options) {
  auto parts = std::make_unique<Parts>();
  parts->host = without_brackets(host);
  parts->port = port;
  parts->options = std::move(options);
  const bool is_v6 = parts->host.contains(':');
  parts->host_header = is_v6 ? fmt::format("[{}]", parts->host) : parts->host;
  if (port != (parts->options.tls ? https_port : http_port)) parts->host_header += fmt::format(":{}", port);
  if (parts->options.tls) {
    QUIPU_TRY(parts->tls, TlsContext::for_client(parts->options.ca_file, parts->options.insecure));
  }
  QUIPU_CHECK(parts->connect());
  return Client{std::move(parts)};
}

Result<ClientResponse> Client::request(Method method, std::string_view target, std::span<const Header> headers,
                                       std::string_view body) {
  return parts_->call(method, target, headers, body, nullptr);
}

Result<ClientResponse> Client::stream(Method method, std::string_view target, std::span<const Header> headers,
                                      std::string_view body, const std::function<bool(std::string_view)>& on_bytes) {
  return parts_->call(method, target, headers, body, &on_bytes);
}

void Client::close() {
  parts_->wire.reset();
}

}  // namespace quipu::http
