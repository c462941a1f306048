// The nodes of a Redis Cluster, and which of them has which slot; or of a single Redis, which has them all. Pure: who
// asks the nodes is redis_link.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "remote/redis_slot.h"
#include "remote/resp.h"

namespace quipu::remote {

inline constexpr std::size_t redis_nodes_max = 1000;

struct RedisAddress {
  std::string host;
  std::uint16_t port = 0;

  bool operator==(const RedisAddress&) const = default;
  std::string shown() const;
};

class RedisCluster {
 public:
  using Node = std::uint16_t;  // index in nodes()

  // Until something else is known, this node has everything.
  explicit RedisCluster(RedisAddress seed);

  const std::vector<RedisAddress>& nodes() const { return nodes_; }
  bool is_single() const { return owners_.empty(); }
  Node owner(std::string_view key) const;
  // Those that have a slot.
  std::vector<Node> owners() const;

  // Addresses that came and went would fill the list, and each would be asked for the slots. The seed stays the first,
  // and those that have a slot stay; a node gets another number. Gives what the numbers of these were, in their new
  // order.
  std::vector<Node> forget_idle_nodes();

  // From the reply to CLUSTER SLOTS of the node at `asked`, whose host stands for one that is not named.
  Result<> take_slots(const resp::Reply& reply, const RedisAddress& asked);

  struct Redirection {
    Node node = 0;
    bool asking = false;  // this once; it is not the owner yet
  };
  // From "MOVED SLOT HOST:PORT" or "ASK SLOT HOST:PORT".
  Result<Redirection> take_redirection(std::string_view error, const RedisAddress& asked);

 private:
  static constexpr Node nobody = UINT16_MAX;

  Result<Node> node_at(const RedisAddress& address);

  std::vector<RedisAddress> nodes_;  // the seed is the first
  std::vector<Node> owners_;         // by slot; empty: a single Redis
};

}  // namespace quipu::remote
