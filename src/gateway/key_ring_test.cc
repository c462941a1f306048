#include "gateway/key_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <semaphore>

#include "table/key_codec.h"
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

TEST(KeyRing, KeysAreUnderAPlanFromTheStart) {
  table::TemporaryTables t;
  auto ring = *KeyRing::open(t.tables());
  EXPECT_EQ(ring->create("a", Role::client)->info.plan, "default");
  EXPECT_EQ(ring->create("a", Role::client, "none")->info.plan, "");
  EXPECT_EQ(ring->create("a", Role::admin)->info.plan, "");
  EXPECT_EQ(ring->create("a", Role::client, "nothing").error().code, ErrorCode::not_found);
  ASSERT_TRUE(ring->put_plan({.name = "shop", .limits = {.rate_thousandths = 5'500, .burst = 3, .quota = {}}}));
  const auto shop = ring->create("a", Role::client, "shop");
  ring.reset();
  t.reopen();
  ring = *KeyRing::open(t.tables());
  const auto& keys = ring->list();
  EXPECT_EQ(std::ranges::find(keys, shop->info.id, &KeyInfo::id)->plan, "shop");
  EXPECT_EQ(ring->plan_book().find("shop")->limits, (PlanLimits{.rate_thousandths = 5'500, .burst = 3, .quota = {}}));
  EXPECT_EQ(ring->plan_book().find("default")->limits, default_plan_limits());
}

// A key that was stored before there were plans has the form of one without a plan, and works as it did.
TEST(KeyRing, AStoredKeyWithoutAPlanHasNoLimits) {
  table::TemporaryTables t;
  auto ring = *KeyRing::open(t.tables());
  const auto made = ring->create("a", Role::client, "none");
  value::Item stored;
  const auto schema = t.tables().find("quipu.keys");
  std::string row_key;
  table::key_codec::append_row_key(row_key, *schema, made->info.id);
  ASSERT_TRUE(*t.tables().read(row_key, stored));
  EXPECT_EQ(stored.size(), 4U);
  EXPECT_EQ(stored.find("plan"), nullptr);
  ring.reset();
  t.reopen();
  ring = *KeyRing::open(t.tables());
  EXPECT_EQ(ring->check(made->key)->meter->plan(), nullptr);
}

// What a connection remembers of a key holds as long as this number.
TEST(KeyRing, ItsVersionChangesWithARevokedKey) {
  table::TemporaryTables t;
  const auto ring = *KeyRing::open(t.tables());
  ASSERT_TRUE(ring->create("a", Role::admin));
  const auto made = ring->create("b", Role::client);
  const auto version = ring->version();
  ASSERT_TRUE(ring->revoke(made->info.id));
  EXPECT_NE(ring->version(), version);
}

// A plan that many keys use is changed with a few syncs, not with one for each key.
TEST(KeyRing, KeysOfAChangedPlanShareGroupCommits) {
  constexpr int keys = 200;
  table::TemporaryTables t;
  const auto ring = *KeyRing::open(t.tables());
  Plan plan{.name = "shop", .limits = {.quota = Quota{.limit = 10'000, .period = Period::day}}};
  ASSERT_TRUE(ring->put_plan(plan));
  for (int i = 0; i < keys; ++i) {
    const auto made = ring->create("a", Role::client, "shop");
    std::binary_semaphore woken{0};
    QuotaWait wait{[&] { woken.release(); }};
    const auto meter = ring->meter(made->info.id);
    ASSERT_EQ(meter->admit(wait).verdict, Admission::Verdict::later);
    woken.acquire();
    ASSERT_EQ(meter->admit(wait).verdict, Admission::Verdict::admitted);
  }
  const auto groups = [&] { return t.tables().committer().figures().groups.value(); };
  const auto before = groups();
  plan.limits.quota->limit = 5'000;
  EXPECT_EQ(ring->put_plan(plan)->keys, keys);
  EXPECT_LT(groups() - before, keys / 4);
  const auto usage = ring->usage("shop");
  for (const KeyUsage& key : usage->keys) EXPECT_EQ(key.used, 1) << "what was at hand came back";
}

TEST(KeyRing, TheNumberOfPlansHasALimit) {
  table::TemporaryTables t;
  const auto ring = *KeyRing::open(t.tables());
  for (std::size_t i = 1; i < plans_max; ++i)
    ASSERT_TRUE(ring->put_plan({.name = fmt::format("p{}", i), .limits = {}}));
  EXPECT_EQ(ring->put_plan({.name = "more", .limits = {}}).error().code, ErrorCode::limit_reached);
  EXPECT_TRUE(ring->put_plan({.name = "p5", .limits = default_plan_limits()})) << "a change needs no room";
}

}  // namespace
}  // namespace quipu::gateway
