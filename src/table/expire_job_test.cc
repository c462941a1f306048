#include "table/change.h"
#include "table/maintenance_test_support.h"

namespace quipu::table {
namespace {

using value::Item;
using value::Value;

TableSchema expiring(std::string name) {
  TableSchema schema = described(std::move(name));
  schema.expiry = ExpirySchema{.attribute = "at"};
  schema.stream_view = StreamView::new_and_old_images;
  return schema;
}

Item due(std::string_view id, Value at) {
  Item item;
  item.set("id", Value::string(id));
  item.set("at", std::move(at));
  return item;
}

std::int64_t now_s(Jobs& jobs) {
  return jobs.clock().wall_ms() / 1000;
}

std::string ids(Jobs& jobs, const TableSchema& schema) {
  std::string all;
  for (const auto& [key, value] : jobs.items(schema)) all += key + " ";
  return all;
}

TEST(ExpireJob, ItemsWhoseTimeIsPastGoAndTheOthersStay) {
  Jobs jobs;
  const auto schema = *jobs.tables().create(expiring("t"));
  const std::int64_t now = now_s(jobs);
  jobs.put(*schema, due("a-past", Value::number(now - 1)));
  jobs.put(*schema, due("b-now", Value::number(now)));
  jobs.put(*schema, due("c-later", Value::number(now + 10)));
  jobs.put(*schema, due("d-text", Value::string(std::to_string(now - 1))));
  jobs.put(*schema, due("e-negative", Value::number(std::int64_t{-5})));
  jobs.put(*schema, due("f-five-years", Value::number(now - 6LL * 365 * 24 * 3600)));
  jobs.put(*schema, due("g-fraction", Value::number(*value::Number::parse("1.5"))));
  ASSERT_TRUE(jobs.run(expire_items));
  EXPECT_EQ(ids(jobs, *schema), "b-now c-later d-text e-negative f-five-years g-fraction ");
  jobs.clock().advance(std::chrono::seconds{11});
  ASSERT_TRUE(jobs.run(expire_items));
  EXPECT_EQ(ids(jobs, *schema), "d-text e-negative f-five-years g-fraction ");
  EXPECT_EQ(jobs.figures().items_expired.value(), 3U);
  jobs.expect_exact(*schema);
}

TEST(ExpireJob, AnExpiryIsAChangeOfItsOwnKind) {
  Jobs jobs;
  const auto schema = *jobs.tables().create(expiring("t"));
  for (int i = 0; i < 10; ++i) jobs.put(*schema, due("k" + std::to_string(i), Value::number(now_s(jobs) - 1)));
  ASSERT_TRUE(jobs.run(expire_items));
  std::size_t expired = 0;
  ASSERT_TRUE(jobs.tables().scan_changes(schema->id, 0, [&](std::uint64_t, const ChangeRecord& record) {
    if (record.kind != ChangeKind::expire) return true;
    ++expired;
    EXPECT_TRUE(record.old_image);
    EXPECT_FALSE(record.new_image);
    return true;
  }));
  EXPECT_EQ(expired, 10U);
  EXPECT_TRUE(jobs.items(*schema).empty());
}

TEST(ExpireJob, TheKeyMaySayWhen) {
  Jobs jobs;
  TableSchema wanted = expiring("t");
  wanted.sort_key = KeyAttribute{.name = "at", .type = KeyType::number};
  const auto schema = *jobs.tables().create(wanted);
  Item item = due("a", Value::number(now_s(jobs) - 1));
  jobs.put(*schema, item);
  ASSERT_EQ(jobs.rows_of(RowKind::expiry), 1U);
  ASSERT_TRUE(jobs.run(expire_items));
  EXPECT_EQ(jobs.rows_of(RowKind::item), 0U);
}

// What is looked at again, on the committer thread, is the schema of that moment.
TEST(ExpireJob, NothingGoesOnceExpiryIsSwitchedOff) {
  Jobs jobs;
  const auto schema = *jobs.tables().create(expiring("t"));
  jobs.put(*schema, due("a", Value::number(now_s(jobs) - 1)));
  ASSERT_TRUE(jobs.tables().edit("t", [](std::optional<TableSchema>& found) -> Result<> {
    found->expiry.reset();
    return {};
  }));
  ASSERT_TRUE(jobs.run(expire_items));
  EXPECT_EQ(jobs.items(*schema).size(), 1U);
}

TEST(ExpireJob, BackupsAndCopiesUnderWayKeepWhatTheyHave) {
  Jobs jobs;
  const auto source = *jobs.tables().create(expiring("t"));
  jobs.put(*source, due("a", Value::number(now_s(jobs) - 1)));
  TableSchema backup = expiring("t#backup");
  backup.system = true;
  backup.filling = Filling::under_way;
  backup.source = "t";
  const auto copy = *jobs.tables().create(backup);
  ASSERT_TRUE(jobs.run(copy_tables));
  ASSERT_TRUE(jobs.run(expire_items));
  EXPECT_EQ(jobs.items(*copy).size(), 1U);
  EXPECT_EQ(jobs.items(*source).size(), 0U);
}

}  // namespace
}  // namespace quipu::table
