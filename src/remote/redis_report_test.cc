#include "remote/redis_report.h"

#include <gtest/gtest.h>

namespace quipu::remote {
namespace {

TEST(RedisReport, OnlyAlwaysIsDurable) {
  RedisFacts facts{.appendonly = "yes", .appendfsync = "always"};
  EXPECT_TRUE(redis_durability(facts).starts_with("power loss:"));
  EXPECT_TRUE(redis_warnings(facts).empty());
  for (const auto* late : {"everysec", "no"}) {
    facts.appendfsync = late;
    EXPECT_NE(redis_durability(facts).find("not power loss"), std::string::npos) << late;
    EXPECT_FALSE(redis_warnings(facts).empty()) << late;
  }
  facts.appendonly = "no";
  EXPECT_TRUE(redis_durability(facts).starts_with("nothing:"));
  facts.save = "3600 1";
  EXPECT_NE(redis_durability(facts).find("3600 1"), std::string::npos);
}

TEST(RedisReport, WhatIsNotToldIsNotGuessed) {
  EXPECT_TRUE(redis_durability({}).starts_with("not known"));
  EXPECT_EQ(redis_durability({.appendonly = "yes"}).find("always"), std::string::npos);
}

TEST(RedisReport, EvictionAndReplicasAreWarnedOf) {
  const RedisFacts safe{
      .appendonly = "yes", .appendfsync = "always", .maxmemory = "100", .maxmemory_policy = "noeviction"};
  EXPECT_TRUE(redis_warnings(safe).empty());
  RedisFacts facts = safe;
  facts.maxmemory_policy = "allkeys-lru";
  EXPECT_EQ(redis_warnings(facts).size(), 1U);
  facts.maxmemory = "0";
  EXPECT_TRUE(redis_warnings(facts).empty());
  facts.connected_replicas = "2";
  EXPECT_EQ(redis_warnings(facts).size(), 1U);
  facts.is_replica = true;
  EXPECT_EQ(redis_warnings(facts).size(), 2U);
}

}  // namespace
}  // namespace quipu::remote
