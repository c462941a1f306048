#include "stream/shard_iterator.h"

#include <gtest/gtest.h>

namespace quipu::stream {
namespace {

constexpr ShardIterator iterator{.table_id = 3, .created_ms = 1'431'379'293'291, .position = 99, .made_ms = 1'000'000};

TEST(ShardIterator, IsReadAsItWasWritten) {
  EXPECT_EQ(parse_shard_iterator(to_text(iterator)), iterator);
}

TEST(ShardIterator, WhatWasTamperedWithIsRefused) {
  const std::string text = to_text(iterator);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = other[i] == '0' ? '1' : '0';
    EXPECT_FALSE(parse_shard_iterator(other)) << i;
    EXPECT_FALSE(parse_shard_iterator(std::string_view{text}.substr(0, i))) << i;
  }
  EXPECT_FALSE(parse_shard_iterator(text + "00"));
  EXPECT_FALSE(parse_shard_iterator("no hex at all"));
}

TEST(ShardIterator, ExpiresAfterAQuarterOfAnHour) {
  const auto lifetime_ms = static_cast<std::uint64_t>(iterator_lifetime.count());
  EXPECT_FALSE(iterator.expired(iterator.made_ms + lifetime_ms));
  EXPECT_TRUE(iterator.expired(iterator.made_ms + lifetime_ms + 1));
  EXPECT_FALSE(iterator.expired(iterator.made_ms - 1)) << "a clock that was set back";
}

}  // namespace
}  // namespace quipu::stream
