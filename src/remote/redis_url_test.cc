#include "remote/redis_url.h"

#include <gtest/gtest.h>

namespace quipu::remote {
namespace {

RedisUrl parsed(std::string_view text, std::uint16_t port = 0) {
  auto url = parse_redis_url(text, port);
  EXPECT_TRUE(url) << text << ": " << (url ? "" : url.error().message);
  return url.value_or(RedisUrl{});
}

TEST(RedisUrl, AHostIsEnough) {
  const RedisUrl url = parsed("cache.example");
  EXPECT_EQ(url.host, "cache.example");
  EXPECT_EQ(url.port, 6379);
  EXPECT_FALSE(url.tls);
}

TEST(RedisUrl, ThePortIsTheUrlsOrTheSettings) {
  EXPECT_EQ(parsed("h:7000").port, 7000);
  EXPECT_EQ(parsed("h", 7001).port, 7001);
  EXPECT_EQ(parsed("redis://h:7000", 7001).port, 7000);
  EXPECT_EQ(parsed("[::1]:7000").host, "::1");
  EXPECT_EQ(parsed("[::1]:7000").port, 7000);
  EXPECT_EQ(parsed("redis://[::1]").port, 6379);
}

TEST(RedisUrl, AllOfIt) {
  const RedisUrl url = parsed("rediss://me:a%40b%3A%2F@h:1234/5");
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.user, "me");
  EXPECT_EQ(url.password, "a@b:/");
  EXPECT_EQ(url.host, "h");
  EXPECT_EQ(url.port, 1234);
  EXPECT_EQ(url.database, 5U);
  EXPECT_EQ(url.shown(), "rediss://h:1234/5");
  EXPECT_EQ(parsed("redis://:secret@h/").password, "secret");
}

TEST(RedisUrl, WhatIsNotUnderstoodIsRefused) {
  for (const auto* text : {"", "http://h", "redis://", "redis://@h", "redis://me@h", "h:0", "h:65536", "h:x",
                           "h:", "h/x", "h/-1", "[::1", "[::1]7000", "a b", "h?x=1", "redis://a:%2@h"})
    EXPECT_FALSE(parse_redis_url(text, 0)) << text;
}

}  // namespace
}  // namespace quipu::remote
