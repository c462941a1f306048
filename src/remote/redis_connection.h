// One connection to one Redis server: who we are is said at its start, and after that commands go out in bulk and their
// replies come back in order. An error of any of these means that the connection is of no use any more.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/tls.h"
#include "http/wire.h"
#include "remote/redis_url.h"
#include "remote/resp.h"

namespace quipu::remote {

// How to be let in, the same at every node of a cluster.
struct RedisAccess {
  RedisUrl url;
  std::optional<http::TlsContext> tls;
};

class RedisConnection {
 public:
  static Result<std::unique_ptr<RedisConnection>> open(const RedisAccess& access, const std::string& host,
                                                       std::uint16_t port, MonotonicTime deadline);

  Result<> send(std::string_view commands, MonotonicTime deadline);
  // The next reply, until send()'s deadline.
  Result<> receive(resp::Reply& reply);
  // Sends one command and takes its reply, which may be an error of Redis's.
  Result<resp::Reply> ask(std::initializer_list<std::string_view> words, MonotonicTime deadline);
  // The server has hung up, or says what nobody asked for.
  bool is_stale() { return begin_ != received_.size() || wire_->is_stale(); }

 private:
  explicit RedisConnection(std::unique_ptr<http::Wire> wire) : wire_{std::move(wire)} {}
  Result<> introduce(const RedisUrl& url, MonotonicTime deadline);

  std::unique_ptr<http::Wire> wire_;
  std::string received_;  // from begin_ on: not looked at yet
  std::size_t begin_ = 0;
};

}  // namespace quipu::remote
