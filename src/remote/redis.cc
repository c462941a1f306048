#include "remote/redis.h"

#include <fmt/format.h>

#include <set>

#include "remote/redis_link.h"
#include "remote/redis_report.h"

namespace quipu::remote {

namespace {

// Calls share a round trip, so a few links are enough; more would only make each carry less.
constexpr unsigned links_together = 2;
constexpr std::size_t calls_of_a_link_max = 128;
constexpr std::chrono::seconds prepare_time_max{5};

class Redis final : public Remote {
 public:
  explicit Redis(RedisAccess access) : access_{std::move(access)} {}

  std::string_view name() const override { return "redis"; }
  std::string address() const override { return access_.url.shown(); }
  unsigned links() const override { return links_together; }
  std::size_t calls_together_max() const override { return calls_of_a_link_max; }
  std::unique_ptr<Link> make_link() const override { return std::make_unique<RedisLink>(access_, LinkLimits{}); }
  Result<StoreReport> prepare() const override;

 private:
  Result<std::vector<RedisAddress>> masters(MonotonicTime deadline) const;

  const RedisAccess access_;
};

Result<std::vector<RedisAddress>> Redis::masters(MonotonicTime deadline) const {
  const RedisAddress seed{.host = access_.url.host, .port = access_.url.port};
  QUIPU_TRY(const auto connection, RedisConnection::open(access_, seed.host, seed.port, deadline));
  QUIPU_TRY(const resp::Reply slots, connection->ask({"CLUSTER", "SLOTS"}, deadline));
  if (slots.is_error()) return std::vector{seed};
  RedisCluster cluster{seed};
  QUIPU_CHECK(cluster.take_slots(slots, seed));
  std::vector<RedisAddress> found;
  for (const auto node : cluster.owners()) found.push_back(cluster.nodes()[node]);
  return found;
}

// Nothing has to be made: a counter is there when it is first counted. All nodes of a cluster are looked at.
Result<StoreReport> Redis::prepare() const {
  const MonotonicTime deadline = std::chrono::steady_clock::now() + prepare_time_max;
  QUIPU_TRY(const auto addresses, masters(deadline));
  StoreReport report;
  std::set<std::string> versions, durabilities, warnings;
  for (const RedisAddress& address : addresses) {
    QUIPU_TRY(const auto connection, RedisConnection::open(access_, address.host, address.port, deadline));
    QUIPU_TRY(const RedisFacts facts, ask_facts(*connection, deadline));
    versions.insert(facts.version.empty() ? "of a version that it does not tell" : facts.version);
    durabilities.insert(redis_durability(facts));
    for (std::string& warning : redis_warnings(facts)) warnings.insert(std::move(warning));
  }
  report.server = fmt::format("Redis {}", fmt::join(versions, ", "));
  if (addresses.size() > 1) report.server += fmt::format(", a cluster of {} nodes", addresses.size());
  // Where nodes differ, the counter's node decides: all of it is said.
  report.durability = fmt::format("{}", fmt::join(durabilities, "; on other nodes: "));
  report.warnings.assign(warnings.begin(), warnings.end());
  return report;
}

}  // namespace

Result<std::unique_ptr<Remote>> make_redis(const RedisSettings& settings) {
  RedisAccess access;
  QUIPU_TRY(access.url, parse_redis_url(settings.url, settings.port));
  if (access.url.tls) {
    QUIPU_TRY(access.tls, http::TlsContext::for_client({}, false));
  }
  return std::unique_ptr<Remote>{std::make_unique<Redis>(std::move(access))};
}

}  // namespace quipu::remote
