#include "remote/redis_slot.h"

#include <gtest/gtest.h>

#include <set>

namespace quipu::remote {
namespace {

// As CLUSTER KEYSLOT of Redis 7.0 says.
TEST(RedisSlot, IsTheOneThatRedisSays) {
  EXPECT_EQ(redis_slot("foo"), 12182);
  EXPECT_EQ(redis_slot("123456789"), 12739);
  EXPECT_EQ(redis_slot("{user1000}.following"), redis_slot("user1000"));
  EXPECT_EQ(redis_slot("{user1000}.followers"), redis_slot("user1000"));
  EXPECT_EQ(redis_slot("foo{{bar}}zap"), redis_slot("{bar"));
  EXPECT_EQ(redis_slot("foo{bar}{zap}"), redis_slot("bar"));
  EXPECT_EQ(redis_slot("\xff\xfe"), redis_slot("{\xff\xfe}"));
  EXPECT_NE(redis_slot("foo{}{bar}"), redis_slot("bar"));
}

TEST(RedisSlot, AMarkerIsInTheSlotOfItsCounterWhateverBracesThatHas) {
  const std::string marker(64, 'a');
  std::set<std::string> keys;
  const auto counters = {
      "a",   "orders", "{",   "}",    "{}",     "}{",   "{a",      "a}",     "{a}",   "x{a}",
      "x{}", "{}a",    "{{}", "{{a}", "{a}{b}", "{}{}", "}a{b}c}", "{a}{a}", "a{}b}", "quipu:request:{a}"};
  for (const std::string counter : counters) {
    const std::string key = redis_marker_key(counter, marker);
    EXPECT_EQ(redis_slot(key), redis_slot(counter)) << counter << " and " << key;
    EXPECT_TRUE(keys.insert(key).second) << key << " is of two counters";
  }
}

// docs/formats/store-redis.md
TEST(RedisSlot, MarkerKeysAreWrittenForEver) {
  EXPECT_EQ(redis_marker_key("orders", "M"), "quipu:request:{orders}:M");
  EXPECT_EQ(redis_marker_key("x{a}y", "M"), "quipu:request:{a}:M:x{a}y");
  EXPECT_EQ(redis_marker_key("{}", "M"), "quipu:request:{42430}:M:{}");
}

}  // namespace
}  // namespace quipu::remote
