#include "gateway/key_ring.h"

#include <gtest/gtest.h>

#include "table/temporary_tables.h"

namespace quipu::gateway {
namespace {

TEST(KeyRing, AKeyIsKnownUntilItIsRevokedAlsoAfterAReopen) {
  table::TemporaryTables t;
  auto ring = *KeyRing::open(t.tables());
  EXPECT_TRUE(ring->empty());
  const auto admin = ring->create("boss", Role::admin);
  const auto shop = ring->create("shop", Role::client);
  ASSERT_TRUE(admin && shop);
  EXPECT_EQ(ring->check(shop->key)->role, Role::client);

  ring.reset();
  t.reopen();
  ring = *KeyRing::open(t.tables());
  EXPECT_EQ(ring->check(admin->key)->role, Role::admin);
  EXPECT_EQ(ring->check(shop->key)->id, shop->info.id);
  ASSERT_TRUE(ring->revoke(shop->info.id));
  EXPECT_FALSE(ring->check(shop->key));
  ring.reset();
  t.reopen();
  EXPECT_FALSE((*KeyRing::open(t.tables()))->check(shop->key));
}

TEST(KeyRing, UnknownKeysAreRefused) {
  table::TemporaryTables t;
  const auto ring = *KeyRing::open(t.tables());
  const auto made = ring->create("a", Role::admin);
  EXPECT_FALSE(ring->check(""));
  EXPECT_FALSE(ring->check("qk_"));
  EXPECT_FALSE(ring->check(made->key.substr(1)));
  EXPECT_FALSE(ring->check(made->key + "0"));
}

TEST(KeyRing, KeysAre256BitsAndDiffer) {
  table::TemporaryTables t;
  const auto ring = *KeyRing::open(t.tables());
  const auto a = ring->create("a", Role::client);
  const auto b = ring->create("a", Role::client);
  EXPECT_EQ(a->key.size(), std::string_view{"qk_"}.size() + 64);
  EXPECT_NE(a->key, b->key);
  EXPECT_NE(a->info.id, b->info.id);
}

// Nobody could make another one.
TEST(KeyRing, TheLastAdminKeyStays) {
  table::TemporaryTables t;
  const auto ring = *KeyRing::open(t.tables());
  const auto first = ring->create("one", Role::admin);
  EXPECT_EQ(ring->revoke(first->info.id).error().code, ErrorCode::conflict);
  const auto second = ring->create("two", Role::admin);
  EXPECT_TRUE(ring->revoke(first->info.id));
  EXPECT_FALSE(ring->revoke(second->info.id));
}

TEST(KeyRing, RefusesUnknownIdsAndBadNames) {
  table::TemporaryTables t;
  const auto ring = *KeyRing::open(t.tables());
  EXPECT_EQ(ring->revoke("nobody").error().code, ErrorCode::not_found);
  EXPECT_FALSE(ring->create("", Role::client));
  EXPECT_FALSE(ring->create(std::string(256, 'x'), Role::client));
  EXPECT_FALSE(ring->create("\xff", Role::client));
}

}  // namespace
}  // namespace quipu::gateway
