#include "table/maintenance_test_support.h"

namespace quipu::table {
namespace {

TableSchema with_everything(std::string name) {
  TableSchema schema = described(std::move(name));
  schema.indexes = {index_by("owner")};
  schema.expiry = ExpirySchema{.attribute = "at"};
  schema.stream_view = StreamView::keys_only;
  return schema;
}

TEST(PurgeJob, ADroppedTableLeavesNothingButItsChanges) {
  Jobs jobs;
  SeededRandom random{1};
  const auto gone = *jobs.tables().create(with_everything("gone"));
  const auto kept = *jobs.tables().create(with_everything("kept"));
  put_random_items(jobs, *gone, random, 40);
  put_random_items(jobs, *kept, random, 40);
  const auto items = jobs.items(*kept);
  const std::size_t changes = jobs.rows_of(RowKind::change);
  jobs.drop("gone");
  ASSERT_TRUE(jobs.run(purge_dropped_rows));
  EXPECT_TRUE(jobs.items(*gone).empty());
  EXPECT_EQ(jobs.items(*kept), items);
  jobs.expect_exact(*kept);
  EXPECT_EQ(jobs.rows_of(RowKind::index), jobs.tables().figures(kept->indexes[0].id)->items);
  EXPECT_EQ(jobs.rows_of(RowKind::purge), 0U);
  EXPECT_EQ(jobs.rows_of(RowKind::change), changes) << "the stream outlives the table";
  EXPECT_EQ(jobs.rows_of(RowKind::figures), 2U);
  EXPECT_GT(jobs.figures().rows_purged.value(), 40U);
  EXPECT_EQ(jobs.figures().jobs_running, 0U);
}

TEST(PurgeJob, GoesOnAfterARestart) {
  Jobs jobs;
  SeededRandom random{2};
  const auto gone = *jobs.tables().create(with_everything("gone"));
  put_random_items(jobs, *gone, random, 60);
  jobs.drop("gone");
  jobs.cut_off_after(2, purge_dropped_rows);
  EXPECT_GT(jobs.rows_of(RowKind::purge), 0U);
  EXPECT_FALSE(jobs.items(*gone).empty());
  jobs.reopen();
  ASSERT_TRUE(jobs.run(purge_dropped_rows));
  EXPECT_EQ(jobs.rows_of(RowKind::item) + jobs.rows_of(RowKind::index) + jobs.rows_of(RowKind::expiry), 0U);
  EXPECT_EQ(jobs.rows_of(RowKind::purge), 0U);
}

}  // namespace
}  // namespace quipu::table
