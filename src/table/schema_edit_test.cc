#include "table/schema_edit.h"

#include <gtest/gtest.h>

#include <semaphore>

#include "base/random.h"
#include "table/index_rows.h"
#include "table/key_codec.h"
#include "table/purge.h"
#include "table/row_check.h"
#include "table/rows.h"
#include "table/temporary_tables.h"
#include "value/item_codec.h"

namespace quipu::table {
namespace {

using value::Item;
using value::Value;

IndexSchema index_named(std::string name, std::string partition, IndexProjection projection) {
  return {.name = std::move(name),
          .kind = IndexKind::global,
          .partition_key = {.name = std::move(partition), .type = KeyType::string},
          .sort_key = KeyAttribute{.name = "n", .type = KeyType::number},
          .projection = projection};
}

TableSchema described(std::string name) {
  return {.name = std::move(name), .partition_key = {.name = "id", .type = KeyType::string}};
}

// Puts (or erases) whole items, all or nothing. Waits for the outcome.
class Put final : private Transaction {
 public:
  explicit Put(Tables& tables) : tables_{tables} {}

  Result<> run(const TableSchema& schema, std::vector<Item> items, bool erase = false) {
    clear();
    items_ = std::move(items);
    erase_ = erase;
    error_.reset();
    for (const Item& item : items_)
      add_step(schema, [&](std::string& out) { EXPECT_TRUE(key_codec::append_row_key(out, schema, item)); });
    tables_.submit(*this);
    done_.acquire();
    if (error_) return std::unexpected(*error_);
    return {};
  }

 private:
  Verdict decide(std::size_t step, bool, Item& item) override {
    if (erase_) return Verdict::erase;
    item = items_[step];
    item.erase("id");
    return Verdict::put;
  }
  void append_outcome(std::string&) const override {}
  bool read_outcome(std::string_view) override { return true; }
  void finished(const Error* error) noexcept override {
    if (error != nullptr) error_ = *error;
    done_.release();
  }

  Tables& tables_;
  std::vector<Item> items_;
  bool erase_ = false;
  std::optional<Error> error_;
  std::binary_semaphore done_{0};
};

Item random_item(SeededRandom& random) {
  Item item;
  item.set("id", Value::string("k" + std::to_string(random.below(20))));
  if (random.below(4) != 0) item.set("owner", Value::string("o" + std::to_string(random.below(3))));
  if (random.below(4) != 0) item.set("n", Value::number(static_cast<std::int64_t>(random.below(5))));
  if (random.below(2) != 0) item.set("title", Value::string("t" + std::to_string(random.below(9))));
  return item;
}

std::vector<IndexRow> rows_below(storage::Store& store, const std::string& prefix) {
  std::vector<IndexRow> rows;
  auto cursor = store.cursor(prefix, end_of_prefix(prefix));
  for (cursor.seek(prefix); cursor.valid(); cursor.next())
    rows.push_back({.key = std::string{cursor.key()}, .value = std::string{cursor.value()}});
  return rows;
}

// What the index must hold, made anew from the table's items.
std::vector<IndexRow> expected_rows(Tables& tables, const TableSchema& schema, const IndexSchema& index) {
  std::map<std::string, std::string> rows;
  EXPECT_TRUE(tables.scan_rows(whole_range(schema, nullptr), Tables::Direction::forward,
                               [&](std::string_view key, std::string_view value) {
                                 Item item;
                                 EXPECT_TRUE(value::decode_item(value, item));
                                 EXPECT_TRUE(key_codec::read_row_key(key, schema, item));
                                 if (auto row = make_index_row(schema, index, key, item))
                                   rows.emplace(row->key, row->value);
                                 return true;
                               }));
  std::vector<IndexRow> sorted;
  for (const auto& [key, value] : rows) sorted.push_back({.key = key, .value = value});
  return sorted;
}

bool same(const std::vector<IndexRow>& a, const std::vector<IndexRow>& b) {
  return std::ranges::equal(a, b,
                            [](const IndexRow& x, const IndexRow& y) { return x.key == y.key && x.value == y.value; });
}

TEST(SchemaEdit, IndexesFollowEveryWrite) {
  TemporaryTables temporary;
  Tables& tables = temporary.tables();
  TableSchema wanted = described("t");
  wanted.indexes = {index_named("all", "owner", IndexProjection::all),
                    index_named("keys", "title", IndexProjection::keys_only)};
  const auto schema = tables.create(wanted);
  ASSERT_TRUE(schema) << schema.error().message;
  SeededRandom random{7};
  Put put{tables};
  for (int round = 0; round < 300; ++round) {
    ASSERT_TRUE(put.run(**schema, {random_item(random)}, random.below(4) == 0));
    if (round % 10 != 0) continue;
    for (const IndexSchema& index : (*schema)->indexes) {
      std::string prefix;
      append_index_prefix(prefix, index.id);
      const auto rows = rows_below(temporary.store(), prefix);
      ASSERT_TRUE(same(rows, expected_rows(tables, **schema, index))) << index.name << " round " << round;
      const auto figures = tables.figures(index.id);
      ASSERT_TRUE(figures);
      std::uint64_t bytes = 0;
      for (const IndexRow& row : rows) bytes += row.key.size() + row.value.size();
      EXPECT_EQ(*figures, (TableFigures{.items = rows.size(), .bytes = bytes}));
    }
  }
}

TEST(SchemaEdit, FiguresCountItemsAndBytes) {
  TemporaryTables temporary;
  Tables& tables = temporary.tables();
  const auto schema = tables.create(described("t"));
  SeededRandom random{9};
  Put put{tables};
  for (int round = 0; round < 200; ++round) ASSERT_TRUE(put.run(**schema, {random_item(random)}, random.below(3) == 0));
  TableFigures expected;
  ASSERT_TRUE(tables.scan_rows(whole_range(**schema, nullptr), Tables::Direction::forward,
                               [&](std::string_view key, std::string_view value) {
                                 ++expected.items;
                                 expected.bytes += key.size() + value.size();
                                 return true;
                               }));
  EXPECT_EQ(*tables.figures((*schema)->id), expected);
}

// A write that was set up before an index was made is in the index all the same.
TEST(SchemaEdit, WritesFollowTheSchemaOfTheirMoment) {
  TemporaryTables temporary;
  Tables& tables = temporary.tables();
  const auto before = tables.create(described("t"));
  const auto after = tables.edit("t", [](std::optional<TableSchema>& schema) -> Result<> {
    schema->indexes.push_back(index_named("late", "owner", IndexProjection::all));
    return {};
  });
  ASSERT_TRUE(after);
  Item item;
  item.set("id", Value::string("a"));
  item.set("owner", Value::string("o"));
  item.set("n", Value::number(std::int64_t{1}));
  ASSERT_TRUE(Put{tables}.run(**before, {item}));
  EXPECT_EQ(tables.figures((*after)->indexes[0].id)->items, 1U);
}

TEST(SchemaEdit, ADroppedTableTakesNoWritesAndIsPurged) {
  TemporaryTables temporary;
  Tables& tables = temporary.tables();
  TableSchema wanted = described("t");
  wanted.indexes = {index_named("all", "owner", IndexProjection::all)};
  const auto schema = *tables.create(wanted);
  const auto dropped = tables.edit("t", [](std::optional<TableSchema>& found) -> Result<> {
    found.reset();
    return {};
  });
  ASSERT_TRUE(dropped);
  EXPECT_EQ(*dropped, nullptr);
  EXPECT_EQ(tables.find("t"), nullptr);
  Item item;
  item.set("id", Value::string("a"));
  const auto put = Put{tables}.run(*schema, {item});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::not_found);
  std::string kind;
  append_row_kind(kind, RowKind::purge);
  EXPECT_EQ(rows_below(temporary.store(), kind).size(), 2U);

  temporary.reopen();
  EXPECT_EQ(temporary.tables().find("t"), nullptr);
  const auto again = temporary.tables().create(wanted);
  ASSERT_TRUE(again);
  EXPECT_GT((*again)->id, schema->indexes[0].id) << "numbers are never used again";
}

TEST(SchemaEdit, AStreamBeginsAndEndsWithItsSetting) {
  TemporaryTables temporary;
  const auto set_view = [&](StreamView view) {
    return temporary.tables().edit("t", [&](std::optional<TableSchema>& schema) -> Result<> {
      schema->stream_view = view;
      return {};
    });
  };
  const auto schema = *temporary.tables().create(described("t"));
  EXPECT_TRUE(temporary.tables().streams().empty());
  ASSERT_TRUE(set_view(StreamView::new_image));
  ASSERT_TRUE(set_view(StreamView::off));
  ASSERT_TRUE(set_view(StreamView::keys_only));
  Item item;
  item.set("id", Value::string("a"));
  ASSERT_TRUE(Put{temporary.tables()}.run(*schema, {item}));
  temporary.reopen();
  const auto streams = temporary.tables().streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0].view, StreamView::new_image);
  EXPECT_FALSE(streams[0].open());
  EXPECT_EQ(streams[0].end_change, streams[0].first_change);
  EXPECT_TRUE(streams[1].open());
  EXPECT_LT(streams[0].created_ms, streams[1].created_ms);
  std::size_t changes = 0;
  ASSERT_TRUE(temporary.tables().scan_changes(schema->id, streams[1].first_change,
                                              [&](std::uint64_t, const ChangeRecord& record) {
                                                EXPECT_EQ(record.kind, ChangeKind::insert);
                                                ++changes;
                                                return true;
                                              }));
  EXPECT_EQ(changes, 1U);
  EXPECT_EQ(*temporary.tables().next_durable_change(), streams[1].first_change + 1);
}

TEST(SchemaEdit, StreamsOfATableMadeAgainHaveNamesOfTheirOwn) {
  TemporaryTables temporary;
  TableSchema wanted = described("t");
  wanted.stream_view = StreamView::keys_only;
  for (const int step_ms : {0, 0, -5'000}) {
    temporary.clock().advance(std::chrono::milliseconds{step_ms});
    ASSERT_TRUE(temporary.tables().create(wanted));
    ASSERT_TRUE(temporary.tables().drop("t", [](const std::optional<TableSchema>&) -> Result<> { return {}; }));
    temporary.reopen();
  }
  const auto streams = temporary.tables().streams();
  ASSERT_EQ(streams.size(), 3U);
  EXPECT_LT(streams[0].created_ms, streams[1].created_ms);
  EXPECT_LT(streams[1].created_ms, streams[2].created_ms);
}

TEST(SchemaEdit, ARefusedEditChangesNothing) {
  TemporaryTables temporary;
  Tables& tables = temporary.tables();
  const auto schema = *tables.create(described("t"));
  const auto refused = tables.edit("t", [](std::optional<TableSchema>& found) -> Result<> {
    found->indexes.push_back(index_named("i", "owner", IndexProjection::all));
    return fail(ErrorCode::conflict, "no");
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(*tables.find("t"), *schema);
  temporary.reopen();
  EXPECT_EQ(*temporary.tables().find("t"), *schema);
}

TEST(SchemaEdit, EveryRowIsOneThatTheRowCheckKnows) {
  TemporaryTables temporary;
  TableSchema wanted = described("t");
  wanted.indexes = {index_named("all", "owner", IndexProjection::all)};
  wanted.expiry = ExpirySchema{.attribute = "n"};
  wanted.stream_view = StreamView::new_and_old_images;
  const auto schema = *temporary.tables().create(wanted);
  ASSERT_TRUE(temporary.tables().create(described("gone")));
  SeededRandom random{3};
  for (int round = 0; round < 50; ++round) ASSERT_TRUE(Put{temporary.tables()}.run(*schema, {random_item(random)}));
  ASSERT_TRUE(temporary.tables().edit("gone", [](std::optional<TableSchema>& found) -> Result<> {
    found.reset();
    return {};
  }));
  RowCheck check;
  auto cursor = temporary.store().cursor({}, {});
  for (cursor.seek(""); cursor.valid(); cursor.next()) EXPECT_EQ(check.check(cursor.key(), cursor.value()), "");
  EXPECT_GT(check.items(), 0U);
}

}  // namespace
}  // namespace quipu::table
