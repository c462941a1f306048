// A blocking HTTP/1.1 client for the command line and for tests: one connection, kept alive, made again when it has to
// be. Not for use by several threads at once.
//
// Errors say what a caller may do next:
//   unavailable      the request was not executed: no connection, or it was not sent whole
//   outcome_unknown  it was sent whole and no proper answer came: it may have been executed
//   invalid_argument the request is not what HTTP allows: nothing was sent
//   environment      a certificate that cannot be read or trusted: nothing was sent
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "http/message.h"

namespace quipu::http {

struct ClientOptions {
  bool tls = false;
  std::filesystem::path ca_file = {};  // empty: the system's certificates
  bool insecure = false;               // any certificate will do
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds call_timeout{30'000};  // for a whole call; for streams: the longest silence
  std::size_t header_bytes_max = 64_KiB;
  std::size_t body_bytes_max = 64_MiB;
};

struct ClientHeader {
  std::string name;
  std::string value;
};

struct ClientResponse {
  int status = 0;
  std::vector<ClientHeader> headers;
  std::string body;

  std::optional<std::string_view> header(std::string_view name) const;
};

class Client {
 public:
  static Result<Client> connect(std::string_view host, std::uint16_t port, ClientOptions options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Host and Content-Length are added; everything else is the caller's.
  Result<ClientResponse> request(Method method, std::string_view target, std::span<const Header> headers = {},
                                 std::string_view body = {});

  // Gives the body of the answer to `on_bytes` piece by piece as it comes, until it ends or `on_bytes` returns false
  // (then the connection is closed). The response has no body, unless its status is not 2xx: then it has it whole.
  Result<ClientResponse> stream(Method method, std::string_view target, std::span<const Header> headers,
                                std::string_view body, const std::function<bool(std::string_view)>& on_bytes);

  void close();

 private:
  struct Parts;
  explicit Client(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace quipu::http
