// Counters in Redis: the string `id` is the counter, as INCR leaves it. One script does what a call asks for, so that
// limit, increment and marker are one step; many calls share a round trip. A Redis Cluster is found by asking any of
// its nodes, and calls go to the node that has the counter.
#pragma once

#include "remote/link.h"

namespace quipu::remote {

struct RedisSettings {
  std::string url;         // HOST, HOST:PORT, redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// for TLS
  std::uint16_t port = 0;  // where the URL has none; 0 is 6379
};

Result<std::unique_ptr<Remote>> make_redis(const RedisSettings& settings);

}  // namespace quipu::remote
