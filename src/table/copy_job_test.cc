#include "table/maintenance_test_support.h"

namespace quipu::table {
namespace {

constexpr std::uint64_t keys = 60;

std::shared_ptr<const TableSchema> begin_copy(Jobs& jobs, const std::string& source, TableSchema copy) {
  copy.filling = Filling::under_way;
  copy.source = source;
  return *jobs.tables().create(std::move(copy));
}

std::shared_ptr<const TableSchema> begin_backup(Jobs& jobs) {
  TableSchema backup = described("t#backup");
  backup.system = true;
  return begin_copy(jobs, "t", std::move(backup));
}

TEST(CopyJob, ABackupHasTheItemsOfOneMoment) {
  Jobs jobs;
  SeededRandom random{1};
  const auto source = *jobs.tables().create(described("t"));
  put_random_items(jobs, *source, random, keys);
  const auto backup = begin_backup(jobs);
  const auto then = jobs.items(*source);
  ASSERT_TRUE(jobs.run(copy_tables, [&] {
    for (int i = 0; i < 10; ++i) change_random_item(jobs, *source, random, keys);
    return true;
  }));
  EXPECT_EQ(jobs.items(*backup), then);
  EXPECT_NE(jobs.items(*source), then);
  EXPECT_EQ(jobs.tables().find("t#backup")->filling, Filling::done);
  jobs.expect_exact(*backup);
}

TEST(CopyJob, ARestoredTableHasItsIndexesExpiryAndFiguresButNoChanges) {
  Jobs jobs;
  SeededRandom random{2};
  const auto source = *jobs.tables().create(described("t"));
  put_random_items(jobs, *source, random, keys);
  begin_backup(jobs);
  ASSERT_TRUE(jobs.run(copy_tables));
  jobs.drop("t");
  TableSchema restored = described("t2");
  restored.indexes = {index_by("owner")};
  restored.expiry = ExpirySchema{.attribute = "at"};
  restored.stream_view = StreamView::new_image;
  const auto schema = begin_copy(jobs, "t#backup", restored);
  ASSERT_TRUE(jobs.run(copy_tables));
  EXPECT_EQ(jobs.items(*schema), jobs.items(*jobs.tables().find("t#backup")));
  EXPECT_GT(jobs.rows_of(RowKind::index), 0U);
  jobs.expect_exact(*schema);
  EXPECT_EQ(jobs.rows_of(RowKind::change), 0U);
  EXPECT_EQ(jobs.tables().find("t2")->filling, Filling::done);
}

TEST(CopyJob, AnAttemptThatWasCutOffIsTakenAwayFirst) {
  Jobs jobs;
  SeededRandom random{3};
  const auto source = *jobs.tables().create(described("t"));
  put_random_items(jobs, *source, random, keys);
  TableSchema wanted = described("t2");
  wanted.indexes = {index_by("owner")};
  wanted.expiry = ExpirySchema{.attribute = "at"};
  const auto copy = begin_copy(jobs, "t", wanted);
  jobs.cut_off_after(4, copy_tables);
  EXPECT_FALSE(jobs.items(*copy).empty());
  jobs.reopen();
  for (int i = 0; i < 40; ++i) change_random_item(jobs, *source, random, keys);
  ASSERT_TRUE(jobs.run(copy_tables));
  EXPECT_EQ(jobs.items(*copy), jobs.items(*source));
  jobs.expect_exact(*copy);
}

TEST(CopyJob, ASourceDroppedMeanwhileIsCopiedWhole) {
  Jobs jobs;
  SeededRandom random{4};
  const auto source = *jobs.tables().create(described("t"));
  put_random_items(jobs, *source, random, keys);
  const auto then = jobs.items(*source);
  const auto backup = begin_backup(jobs);
  int steps = 0;
  ASSERT_TRUE(jobs.run(copy_tables, [&] {
    if (++steps == 2) jobs.drop("t");
    return true;
  }));
  EXPECT_EQ(jobs.items(*backup), then);
}

TEST(CopyJob, WithoutItsSourceTheCopyGoes) {
  Jobs jobs;
  SeededRandom random{5};
  put_random_items(jobs, **jobs.tables().create(described("t")), random, keys);
  const auto backup = begin_backup(jobs);
  jobs.cut_off_after(2, copy_tables);
  jobs.drop("t");
  jobs.clock().advance(std::chrono::milliseconds{1});
  ASSERT_TRUE(jobs.tables().create(described("t"))) << "another table, although it has the name";
  jobs.reopen();
  ASSERT_TRUE(jobs.run(copy_tables));
  EXPECT_EQ(jobs.tables().find("t#backup"), nullptr);
  ASSERT_TRUE(jobs.run(purge_dropped_rows));
  EXPECT_TRUE(jobs.items(*backup).empty());
}

TEST(CopyJob, WaitsForASourceThatIsNotWholeItself) {
  Jobs jobs;
  SeededRandom random{6};
  const auto source = *jobs.tables().create(described("z"));
  put_random_items(jobs, *source, random, keys);
  begin_copy(jobs, "z", described("b"));
  const auto second = begin_copy(jobs, "b", described("a"));  // comes first in the list
  ASSERT_TRUE(jobs.run(copy_tables));
  EXPECT_EQ(jobs.tables().find("b")->filling, Filling::done);
  EXPECT_EQ(jobs.tables().find("a")->filling, Filling::under_way);
  EXPECT_TRUE(jobs.items(*second).empty());
  ASSERT_TRUE(jobs.run(copy_tables));
  EXPECT_EQ(jobs.tables().find("a")->filling, Filling::done);
  EXPECT_EQ(jobs.items(*second), jobs.items(*source));
}

TEST(CopyJob, ACopyDroppedMeanwhileLeavesNothing) {
  Jobs jobs;
  SeededRandom random{7};
  put_random_items(jobs, **jobs.tables().create(described("t")), random, keys);
  const auto backup = begin_backup(jobs);
  int steps = 0;
  ASSERT_TRUE(jobs.run(copy_tables, [&] {
    if (++steps == 2) jobs.drop("t#backup");
    return true;
  }));
  EXPECT_EQ(steps, 2);
  ASSERT_TRUE(jobs.run(purge_dropped_rows));
  EXPECT_TRUE(jobs.items(*backup).empty());
}

}  // namespace
}  // namespace quipu::table
