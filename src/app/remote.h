// The commands' way to a running server.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"

namespace quipu::app {

struct RemoteOptions {
  std::string url = "http://127.0.0.1:7070";
  std::string api_key;
  std::filesystem::path ca_file;
  bool insecure = false;
};

class Remote {
 public:
  static Result<Remote> connect(const RemoteOptions& options);

  // The body of a 2xx answer; any other is an error that says what the server said.
  Result<std::string> call(http::Method method, std::string_view target, std::string_view body = {},
                           std::string_view idempotency_key = {});
  // The data of server-sent events, until `on_event` returns false or the server ends the stream.
  Result<> events(std::string_view target, const std::function<bool(std::string_view data)>& on_event);

 private:
  Remote(http::Client client, std::string api_key) : client_{std::move(client)}, api_key_{std::move(api_key)} {}
  std::vector<http::Header> headers(std::string_view idempotency_key) const;

  http::Client client_;
  std::string api_key_;
};

// "/path?name=value&..." with everything encoded; parameters with an empty value are left out.
std::string target_of(std::string_view path,
                      std::initializer_list<std::pair<std::string_view, std::string_view>> query);

}  // namespace quipu::app
