#include "table/maintenance_test_support.h"

namespace quipu::table {
namespace {

constexpr std::uint64_t keys = 60;

std::shared_ptr<const TableSchema> begin_filling(Jobs& jobs) {
  return *jobs.tables().edit("t", [](std::optional<TableSchema>& schema) -> Result<> {
    schema->indexes.push_back(index_by("owner", Filling::under_way));
    schema->expiry = ExpirySchema{.attribute = "at", .filling = Filling::under_way};
    return {};
  });
}

void expect_filled(Jobs& jobs) {
  const auto schema = jobs.tables().find("t");
  EXPECT_EQ(schema->indexes[0].filling, Filling::done);
  EXPECT_EQ(schema->expiry->filling, Filling::done);
  jobs.expect_exact(*schema);
  EXPECT_GT(jobs.rows_of(RowKind::index), 0U);
  EXPECT_GT(jobs.rows_of(RowKind::expiry), 0U);
}

TEST(FillJob, AnIndexThatCameLaterHasAllItems) {
  Jobs jobs;
  SeededRandom random{1};
  put_random_items(jobs, **jobs.tables().create(described("t")), random, keys);
  begin_filling(jobs);
  ASSERT_TRUE(jobs.run(fill_new_indexes));
  expect_filled(jobs);
}

// Before, behind and at the place where the walk is: the index must be right whatever order things come in.
TEST(FillJob, WritesMeanwhileAreNeitherLostNorCountedTwice) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Jobs jobs;
    SeededRandom random{seed};
    put_random_items(jobs, **jobs.tables().create(described("t")), random, keys);
    const auto schema = begin_filling(jobs);
    for (int i = 0; i < 10; ++i) change_random_item(jobs, *schema, random, keys);
    ASSERT_TRUE(jobs.run(fill_new_indexes, [&] {
      for (int i = 0; i < 10; ++i) change_random_item(jobs, *schema, random, keys);
      return true;
    }));
    expect_filled(jobs);
  }
}

TEST(FillJob, BeginsAgainAfterARestart) {
  Jobs jobs;
  SeededRandom random{3};
  put_random_items(jobs, **jobs.tables().create(described("t")), random, keys);
  const auto schema = begin_filling(jobs);
  jobs.cut_off_after(3, fill_new_indexes);
  EXPECT_EQ(jobs.tables().find("t")->indexes[0].filling, Filling::under_way);
  jobs.reopen();
  for (int i = 0; i < 20; ++i) change_random_item(jobs, *schema, random, keys);
  ASSERT_TRUE(jobs.run(fill_new_indexes));
  expect_filled(jobs);
}

TEST(FillJob, AnIndexDroppedMeanwhileLeavesNothing) {
  Jobs jobs;
  SeededRandom random{4};
  put_random_items(jobs, **jobs.tables().create(described("t")), random, keys);
  begin_filling(jobs);
  int steps = 0;
  ASSERT_TRUE(jobs.run(fill_new_indexes, [&] {
    if (++steps != 3) return true;
    return jobs.tables()
        .edit("t",
              [](std::optional<TableSchema>& schema) -> Result<> {
                schema->indexes.clear();
                return {};
              })
        .has_value();
  }));
  ASSERT_TRUE(jobs.run(purge_dropped_rows));
  EXPECT_EQ(jobs.rows_of(RowKind::index), 0U);
  jobs.expect_exact(*jobs.tables().find("t"));
  EXPECT_EQ(jobs.tables().find("t")->expiry->filling, Filling::done);
}

// Who wants another index instead need not wait for the whole table to be walked.
TEST(FillJob, EndsWhenNothingIsLeftToFill) {
  Jobs jobs;
  SeededRandom random{6};
  put_random_items(jobs, **jobs.tables().create(described("t")), random, keys);
  begin_filling(jobs);
  int steps = 0;
  ASSERT_TRUE(jobs.run(fill_new_indexes, [&] {
    if (++steps != 1) return true;
    return jobs.tables()
        .edit("t",
              [](std::optional<TableSchema>& schema) -> Result<> {
                schema->indexes.clear();
                schema->expiry.reset();
                return {};
              })
        .has_value();
  }));
  EXPECT_EQ(steps, 1);
}

TEST(FillJob, ATableDroppedMeanwhileLeavesNothing) {
  Jobs jobs;
  SeededRandom random{5};
  put_random_items(jobs, **jobs.tables().create(described("t")), random, keys);
  begin_filling(jobs);
  int steps = 0;
  ASSERT_TRUE(jobs.run(fill_new_indexes, [&] {
    if (++steps == 3) jobs.drop("t");
    return true;
  }));
  EXPECT_EQ(steps, 3) << "no step more";
  ASSERT_TRUE(jobs.tables().create(described("t")));
  ASSERT_TRUE(jobs.run(purge_dropped_rows));
  EXPECT_EQ(jobs.rows_of(RowKind::index) + jobs.rows_of(RowKind::expiry) + jobs.rows_of(RowKind::item), 0U);
}

}  // namespace
}  // namespace quipu::table
