#include "remote/redis_cluster.h"

#include <gtest/gtest.h>

namespace quipu::remote {
namespace {

using resp::Reply;

Reply parsed(const std::string& bytes) {
  Reply reply;
  EXPECT_EQ(resp::parse_reply(bytes, reply).value_or(0), bytes.size());
  return reply;
}

std::string range(int first, int last, std::string_view host, int port) {
  return fmt::format("*3\r\n:{}\r\n:{}\r\n*3\r\n${}\r\n{}\r\n:{}\r\n$2\r\nid\r\n", first, last, host.size(), host,
                     port);
}

const RedisAddress seed{.host = "seed", .port = 1};

TEST(RedisCluster, ASingleRedisHasEverything) {
  const RedisCluster cluster{seed};
  EXPECT_TRUE(cluster.is_single());
  EXPECT_EQ(cluster.owner("foo"), 0);
  EXPECT_EQ(cluster.owners().size(), 1U);
}

TEST(RedisCluster, ASlotIsItsMasters) {
  RedisCluster cluster{seed};
  ASSERT_TRUE(cluster.take_slots(parsed("*2\r\n" + range(0, 12181, "a", 7000) + range(12182, 16383, "", 7001)), seed));
  EXPECT_EQ(cluster.nodes()[cluster.owner("foo")], (RedisAddress{.host = "seed", .port = 7001}));  // slot 12182
  EXPECT_EQ(cluster.owners().size(), 2U);
}

TEST(RedisCluster, MovedIsRememberedAndAskIsNot) {
  RedisCluster cluster{seed};
  ASSERT_TRUE(cluster.take_slots(parsed("*1\r\n" + range(0, 16383, "a", 7000)), seed));
  const auto ask = cluster.take_redirection("ASK 12182 b:7001", seed);
  ASSERT_TRUE(ask);
  EXPECT_TRUE(ask->asking);
  EXPECT_EQ(cluster.nodes()[ask->node], (RedisAddress{.host = "b", .port = 7001}));
  EXPECT_NE(cluster.owner("foo"), ask->node);
  const auto moved = cluster.take_redirection("MOVED 12182 b:7001", seed);
  ASSERT_TRUE(moved);
  EXPECT_FALSE(moved->asking);
  EXPECT_EQ(moved->node, ask->node);
  EXPECT_EQ(cluster.owner("foo"), moved->node);
  EXPECT_EQ(cluster.nodes()[cluster.take_redirection("MOVED 1 ::1:7002", seed)->node].host, "::1");
  EXPECT_EQ(cluster.nodes()[cluster.take_redirection("MOVED 1 :7003", seed)->node].host, "seed");
}

TEST(RedisCluster, NonsenseIsRefused) {
  RedisCluster cluster{seed};
  for (const auto* error :
       {"MOVED", "MOVED 1", "MOVED x a:1", "MOVED 16384 a:1", "MOVED 1 a", "MOVED 1 a:0", "ASK 1 a:99999"})
    EXPECT_FALSE(cluster.take_redirection(error, seed)) << error;
  EXPECT_FALSE(cluster.take_slots(parsed("*0\r\n"), seed));
  EXPECT_FALSE(cluster.take_slots(parsed("*1\r\n:1\r\n"), seed));
  EXPECT_FALSE(cluster.take_slots(parsed("*1\r\n" + range(0, 16384, "a", 1)), seed));
  EXPECT_TRUE(cluster.is_single());
}

TEST(RedisCluster, ItNamesNoMoreNodesThanTheLimit) {
  RedisCluster cluster{seed};
  unsigned taken = 0;
  for (unsigned port = 1; port <= 2 * redis_nodes_max; ++port)
    taken += cluster.take_redirection(fmt::format("MOVED 1 other:{}", port), seed).has_value();
  EXPECT_EQ(taken, redis_nodes_max - 1);
}

TEST(RedisCluster, AddressesThatCameAndWentAreForgotten) {
  RedisCluster cluster{seed};
  ASSERT_TRUE(cluster.take_slots(parsed("*2\r\n" + range(0, 12181, "a", 7000) + range(12182, 16383, "b", 7001)), seed));
  for (unsigned port = 1; port <= 2 * redis_nodes_max; ++port) {
    auto moved = cluster.take_redirection(fmt::format("MOVED 12182 other:{}", port), seed);
    if (!moved) {
      cluster.forget_idle_nodes();
      moved = cluster.take_redirection(fmt::format("MOVED 12182 other:{}", port), seed);
    }
    ASSERT_TRUE(moved) << moved.error().message;
    EXPECT_EQ(cluster.nodes()[cluster.owner("foo")],
              (RedisAddress{.host = "other", .port = static_cast<std::uint16_t>(port)}));
  }
}

TEST(RedisCluster, TheSeedAndTheOwnersAreKeptAndTheirOldNumbersAreTold) {
  RedisCluster cluster{seed};
  ASSERT_TRUE(cluster.take_slots(parsed("*1\r\n" + range(0, 12181, "a", 7000)), seed));
  ASSERT_TRUE(cluster.take_redirection("ASK 1 idle:1", seed));
  ASSERT_TRUE(cluster.take_redirection("MOVED 12182 b:7001", seed));
  EXPECT_EQ(cluster.forget_idle_nodes(), (std::vector<RedisCluster::Node>{0, 1, 3}));
  EXPECT_EQ(cluster.nodes().size(), 3U);
  EXPECT_EQ(cluster.nodes().front(), seed);
  EXPECT_EQ(cluster.nodes()[cluster.owner("foo")], (RedisAddress{.host = "b", .port = 7001}));
  EXPECT_EQ(cluster.owners().size(), 2U);
  EXPECT_EQ(cluster.owner("c1"), 0) << "nobody has its slot, which is 14347";
}

TEST(RedisCluster, ASingleRedisForgetsNothing) {
  RedisCluster cluster{seed};
  EXPECT_EQ(cluster.forget_idle_nodes(), std::vector<RedisCluster::Node>{0});
  EXPECT_EQ(cluster.nodes().size(), 1U);
  EXPECT_TRUE(cluster.is_single());
}

}  // namespace
}  // namespace quipu::remote
