#include "table/maintenance.h"

#include <atomic>
#include <thread>

#include "table/maintenance_test_support.h"

namespace quipu::table {
namespace {

using value::Item;
using value::Value;

constexpr std::uint64_t keys = 200;

TEST(Maintenance, WakesWhenASchemaChanges) {
  Jobs jobs;
  SeededRandom random{1};
  const auto gone = *jobs.tables().create(described("gone"));
  put_random_items(jobs, *gone, random, keys);
  Maintenance maintenance{jobs.tables()};
  maintenance.wait_for_round();
  jobs.drop("gone");
  maintenance.wait_for_round();
  EXPECT_TRUE(jobs.items(*gone).empty());
  EXPECT_GT(maintenance.figures().rows_purged.value(), 0U);
}

TEST(Maintenance, AnIndexIsExactThoughManyWriteWhileItIsFilled) {
  Jobs jobs;
  SeededRandom random{2};
  const auto schema = *jobs.tables().create(described("t"));
  put_random_items(jobs, *schema, random, keys);
  {
    Maintenance maintenance{jobs.tables(), small_steps};
    std::vector<std::jthread> writers;
    for (std::uint64_t seed = 10; seed < 13; ++seed)
      writers.emplace_back([&jobs, &schema, seed](const std::stop_token& stop) {
        SeededRandom own{seed};
        while (!stop.stop_requested()) change_random_item(jobs, *schema, own, keys);
      });
    ASSERT_TRUE(jobs.tables().edit("t", [](std::optional<TableSchema>& found) -> Result<> {
      found->indexes.push_back(index_by("owner", Filling::under_way));
      return {};
    }));
    maintenance.wait_for_round();
  }
  EXPECT_EQ(jobs.tables().find("t")->indexes[0].filling, Filling::done);
  jobs.expect_exact(*jobs.tables().find("t"));
}

TEST(Maintenance, ExpiresAndTrimsFromTimeToTime) {
  Jobs jobs;
  TableSchema wanted = described("t");
  wanted.expiry = ExpirySchema{.attribute = "at"};
  wanted.stream_view = StreamView::keys_only;
  const auto schema = *jobs.tables().create(wanted);
  Item item;
  item.set("id", Value::string("a"));
  item.set("at", Value::number(jobs.clock().wall_ms() / 1000 - 1));
  jobs.put(*schema, item);
  MaintenanceOptions often;
  often.expire_every = std::chrono::milliseconds{1};
  Maintenance maintenance{jobs.tables(), often};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (maintenance.figures().items_expired.value() == 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(maintenance.figures().items_expired.value(), 1U);
}

// Reads the table's schema at the moment when the item goes.
class FillingWhenItemGoes final : public Watcher {
 public:
  explicit FillingWhenItemGoes(Tables& tables) : tables_{tables} {}
  void item_changed() noexcept override { filling = tables_.find("t")->indexes[0].filling; }
  std::atomic<Filling> filling = Filling::done;

 private:
  Tables& tables_;
};

// An index of ten million items must not keep alive what has expired.
TEST(Maintenance, ItemsExpireWhileALongJobRuns) {
  Jobs jobs;
  SeededRandom random{5};
  TableSchema wanted = described("t");
  wanted.expiry = ExpirySchema{.attribute = "until"};
  const auto schema = *jobs.tables().create(wanted);
  put_random_items(jobs, *schema, random, keys);
  Item item;
  item.set("id", Value::string("zz"));
  item.set("until", Value::number(jobs.clock().wall_ms() / 1000 - 1));
  jobs.put(*schema, item);
  ASSERT_TRUE(jobs.tables().edit("t", [](std::optional<TableSchema>& found) -> Result<> {
    found->indexes.push_back(index_by("owner", Filling::under_way));
    return {};
  }));
  std::string row_key;
  key_codec::append_row_key(row_key, *schema, "zz");
  FillingWhenItemGoes watcher{jobs.tables()};
  jobs.tables().watchers().add(row_key, watcher);
  {
    Maintenance maintenance{jobs.tables(), small_steps};
    maintenance.wait_for_round();
    EXPECT_EQ(maintenance.figures().items_expired.value(), 1U);
  }
  jobs.tables().watchers().remove(row_key, watcher);
  EXPECT_EQ(watcher.filling, Filling::under_way);
  jobs.expect_exact(*jobs.tables().find("t"));
}

TEST(Maintenance, WhatWasNotDoneIsDoneByTheNextOne) {
  Jobs jobs;
  SeededRandom random{4};
  const auto schema = *jobs.tables().create(described("t"));
  put_random_items(jobs, *schema, random, keys);
  ASSERT_TRUE(jobs.tables().edit("t", [](std::optional<TableSchema>& found) -> Result<> {
    found->indexes.push_back(index_by("owner", Filling::under_way));
    return {};
  }));
  {
    Maintenance short_lived{jobs.tables(), small_steps};
  }
  jobs.reopen();
  Maintenance maintenance{jobs.tables(), small_steps};
  maintenance.wait_for_round();
  EXPECT_EQ(jobs.tables().find("t")->indexes[0].filling, Filling::done);
  jobs.expect_exact(*jobs.tables().find("t"));
}

}  // namespace
}  // namespace quipu::table
