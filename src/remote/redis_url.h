// Where a Redis is, and who we are there: HOST, HOST:PORT, redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss://.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::remote {

inline constexpr std::uint16_t redis_port_default = 6379;

struct RedisUrl {
  bool tls = false;
  std::string user;  // empty: the default one
  std::string password;
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = redis_port_default;
  unsigned database = 0;

  // Without secrets.
  std::string shown() const;
};

// `port` is for URLs that have none; 0 is the default one. What does not fit is an error: a part that is not understood
// would be a connection to somewhere else.
Result<RedisUrl> parse_redis_url(std::string_view text, std::uint16_t port);

}  // namespace quipu::remote
