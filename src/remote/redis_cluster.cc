#include "remote/redis_cluster.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/text.h"

namespace quipu::remote {

using resp::Reply;

namespace {

Result<std::uint16_t> port_of(std::int64_t number) {
  if (number < 1 || number > std::numeric_limits<std::uint16_t>::max())
    return fail(ErrorCode::damaged, "the cluster names the port {}", number);
  return static_cast<std::uint16_t>(number);
}

Result<unsigned> slot_of(const Reply& reply) {
  if (reply.kind != Reply::Kind::integer || reply.integer < 0 || reply.integer >= redis_slots)
    return fail(ErrorCode::damaged, "the cluster names the slot {}", reply.integer);
  return static_cast<unsigned>(reply.integer);
}

}  // namespace

std::string RedisAddress::shown() const {
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

RedisCluster::RedisCluster(RedisAddress seed) {
  nodes_.push_back(std::move(seed));
}

RedisCluster::Node RedisCluster::owner(std::string_view key) const {
  if (owners_.empty()) return 0;
  const Node owner = owners_[redis_slot(key)];
  return owner == nobody ? Node{0} : owner;  // whoever is asked says where it is, or that nobody has it
}

std::vector<RedisCluster::Node> RedisCluster::owners() const {
  if (owners_.empty()) return {0};
  std::set<Node> found{owners_.begin(), owners_.end()};
  found.erase(nobody);
  return {found.begin(), found.end()};
}

std::vector<RedisCluster::Node> RedisCluster::forget_idle_nodes() {
  std::vector<Node> kept = owners();
  if (kept.empty() || kept.front() != 0) kept.insert(kept.begin(), 0);
  std::vector<RedisAddress> nodes;
  std::vector<Node> new_number(nodes_.size(), nobody);
  for (const Node old : kept) {
    new_number[old] = static_cast<Node>(nodes.size());
    nodes.push_back(std::move(nodes_[old]));
  }
  nodes_ = std::move(nodes);
  for (Node& owner : owners_)
    if (owner != nobody) owner = new_number[owner];
  return kept;
}

Result<RedisCluster::Node> RedisCluster::node_at(const RedisAddress& address) {
  const auto found = std::ranges::find(nodes_, address);
  if (found != nodes_.end()) return static_cast<Node>(found - nodes_.begin());
  if (nodes_.size() >= redis_nodes_max)
    return fail(ErrorCode::too_large, "the cluster has named over {} nodes", redis_nodes_max);
  nodes_.push_back(address);
  return static_cast<Node>(nodes_.size() - 1);
}

// [[first, last, [host, port, ...], [a replica ...] ...] ...]
Result<> RedisCluster::take_slots(const Reply& reply, const RedisAddress& asked) {
  if (reply.kind != Reply::Kind::list || reply.list.empty())
    return fail(ErrorCode::unavailable, "the cluster has no slots yet");
  std::vector<Node> owners(redis_slots, nobody);
  for (const Reply& range : reply.list) {
    if (range.list.size() < 3 || range.list[2].list.size() < 2)
      return fail(ErrorCode::damaged, "a range of slots without its node");
    QUIPU_TRY(const unsigned first, slot_of(range.list[0]));
    QUIPU_TRY(const unsigned last, slot_of(range.list[1]));
    const std::vector<Reply>& master = range.list[2].list;
    QUIPU_TRY(const std::uint16_t port, port_of(master[1].integer));
    const std::string& host = master[0].text;
    QUIPU_TRY(const Node node, node_at({.host = host.empty() || host == "?" ? asked.host : host, .port = port}));
    for (unsigned slot = first; slot <= last; ++slot) owners[slot] = node;
  }
  owners_ = std::move(owners);
  return {};
}

Result<RedisCluster::Redirection> RedisCluster::take_redirection(std::string_view error, const RedisAddress& asked) {
  const auto bad = [&] { return fail(ErrorCode::damaged, "the cluster answers {:?}", error.substr(0, 200)); };
  const auto first = error.find(' ');
  const auto second = error.find(' ', first + 1);
  const auto colon = error.rfind(':');
  if (first == std::string_view::npos || second == std::string_view::npos || colon == std::string_view::npos ||
      colon < second)
    return bad();
  const auto slot = parse_int64(error.substr(first + 1, second - first - 1));
  const auto number = parse_int64(error.substr(colon + 1));
  if (!slot || !number || *slot < 0 || *slot >= redis_slots) return bad();
  QUIPU_TRY(const std::uint16_t port, port_of(*number));
  const std::string_view host = error.substr(second + 1, colon - second - 1);
  QUIPU_TRY(const Node node, node_at({.host = host.empty() ? asked.host : std::string{host}, .port = port}));
  const bool asking = error.starts_with("ASK ");
  if (!asking) {
    if (owners_.empty()) owners_.assign(redis_slots, 0);
    owners_[static_cast<std::size_t>(*slot)] = node;
  }
  return Redirection{.node = node, .asking = asking};
}

}  // namespace quipu::remote
