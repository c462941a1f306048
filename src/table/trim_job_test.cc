#include "table/change.h"
#include "table/maintenance_test_support.h"

namespace quipu::table {
namespace {

using value::Item;
using value::Value;

TableSchema streaming(std::string name) {
  TableSchema schema = described(std::move(name));
  schema.stream_view = StreamView::new_image;
  return schema;
}

void put_numbered(Jobs& jobs, const TableSchema& schema, int first, int count) {
  std::vector<Item> items;
  for (int i = first; i < first + count; ++i) {
    Item item;
    item.set("id", Value::string("k" + std::to_string(i)));
    items.push_back(std::move(item));
  }
  ASSERT_TRUE(WholeItems{jobs.tables()}.put(schema, std::move(items)));
}

TEST(TrimJob, RecordsGoWhenTheyAreOlderThanADay) {
  Jobs jobs;
  const auto one = *jobs.tables().create(streaming("one"));
  const auto two = *jobs.tables().create(streaming("two"));
  put_numbered(jobs, *one, 0, 20);
  put_numbered(jobs, *two, 0, 5);
  jobs.clock().advance(std::chrono::hours{24});
  put_numbered(jobs, *one, 20, 3);
  ASSERT_TRUE(jobs.run(trim_changes));
  EXPECT_EQ(jobs.rows_of(RowKind::change), 28U) << "exactly a day is not older";
  jobs.clock().advance(std::chrono::milliseconds{1});
  ASSERT_TRUE(jobs.run(trim_changes));
  EXPECT_EQ(jobs.rows_of(RowKind::change), 3U);
  EXPECT_EQ(jobs.figures().records_trimmed.value(), 25U);
  EXPECT_EQ(jobs.tables().streams().size(), 2U);
}

TEST(TrimJob, AClockThatWasAheadForAWhileHoldsNothingUp) {
  Jobs jobs;
  const auto schema = *jobs.tables().create(streaming("t"));
  put_numbered(jobs, *schema, 0, 2);
  jobs.clock().advance(std::chrono::days{30});
  put_numbered(jobs, *schema, 2, 1);
  jobs.clock().advance(-std::chrono::days{30});
  put_numbered(jobs, *schema, 3, 4);
  jobs.clock().advance(std::chrono::hours{23});
  put_numbered(jobs, *schema, 7, 1);
  ASSERT_TRUE(jobs.run(trim_changes));
  EXPECT_EQ(jobs.rows_of(RowKind::change), 8U);
  jobs.clock().advance(std::chrono::hours{2});
  ASSERT_TRUE(jobs.run(trim_changes));
  EXPECT_EQ(jobs.rows_of(RowKind::change), 1U);
}

// A reader finds out that what it wanted to read next has been trimmed, also after a restart.
TEST(TrimJob, AStreamBeginsBehindWhatWasTrimmed) {
  Jobs jobs;
  const auto schema = *jobs.tables().create(streaming("t"));
  const std::uint64_t first = jobs.tables().streams()[0].first_change;
  put_numbered(jobs, *schema, 0, 20);
  ASSERT_TRUE(jobs.run(trim_changes));
  EXPECT_EQ(jobs.tables().streams()[0].first_change, first);
  jobs.clock().advance(std::chrono::hours{25});
  ASSERT_TRUE(jobs.run(trim_changes));
  EXPECT_EQ(jobs.tables().streams()[0].first_change, first + 20);
  jobs.reopen();
  EXPECT_EQ(jobs.tables().streams()[0].first_change, first + 20);
}

TEST(TrimJob, AStreamOfADroppedTableIsKeptForADayAndThenForgotten) {
  Jobs jobs;
  const auto schema = *jobs.tables().create(streaming("t"));
  put_numbered(jobs, *schema, 0, 20);
  jobs.drop("t");
  ASSERT_TRUE(jobs.run(purge_dropped_rows));
  jobs.clock().advance(std::chrono::hours{23});
  ASSERT_TRUE(jobs.run(trim_changes));
  EXPECT_EQ(jobs.tables().streams().size(), 1U);
  EXPECT_EQ(jobs.rows_of(RowKind::change), 20U);
  jobs.clock().advance(std::chrono::hours{2});
  ASSERT_TRUE(jobs.run(trim_changes));
  EXPECT_EQ(jobs.rows_of(RowKind::change), 0U);
  EXPECT_TRUE(jobs.tables().streams().empty());
  jobs.reopen();
  EXPECT_TRUE(jobs.tables().streams().empty());
}

TEST(TrimJob, AnEndedStreamIsForgottenWhileTheNextOneGoesOn) {
  Jobs jobs;
  const auto schema = *jobs.tables().create(streaming("t"));
  const auto set_view = [&](StreamView view) {
    ASSERT_TRUE(jobs.tables().edit("t", [&](std::optional<TableSchema>& found) -> Result<> {
      found->stream_view = view;
      return {};
    }));
  };
  put_numbered(jobs, *schema, 0, 9);
  set_view(StreamView::off);
  set_view(StreamView::keys_only);
  jobs.clock().advance(std::chrono::hours{25});
  put_numbered(jobs, *schema, 10, 9);
  ASSERT_TRUE(jobs.run(trim_changes));
  const auto streams = jobs.tables().streams();
  ASSERT_EQ(streams.size(), 1U);
  EXPECT_TRUE(streams[0].open());
  EXPECT_EQ(jobs.rows_of(RowKind::change), 9U);
}

}  // namespace
}  // namespace quipu::table
