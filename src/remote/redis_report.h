// What a Redis says of itself: its version, and what of it survives when.
#pragma once

#include "remote/link.h"
#include "remote/redis_connection.h"

namespace quipu::remote {

struct RedisFacts {
  std::string version;
  bool is_replica = false;
  // Empty where the server does not tell: managed ones refuse CONFIG.
  std::string appendonly;
  std::string appendfsync;
  std::string save;
  std::string maxmemory;
  std::string maxmemory_policy;
  std::string min_replicas_to_write;
  std::string connected_replicas;
};

Result<RedisFacts> ask_facts(RedisConnection& connection, MonotonicTime deadline);

// What an acknowledged increment survives. `everysec` loses what was acknowledged: it is never called durable.
std::string redis_durability(const RedisFacts& facts);
std::vector<std::string> redis_warnings(const RedisFacts& facts);

}  // namespace quipu::remote
