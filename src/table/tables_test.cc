#include "table/tables.h"

#include <gtest/gtest.h>

#include <semaphore>

#include "base/bytes.h"
#include "base/random.h"
#include "table/change.h"
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

TableSchema described(std::string name, StreamView view = StreamView::off) {
  return {.name = std::move(name), .partition_key = {.name = "id", .type = KeyType::string}, .stream_view = view};
}

// Adds to the number `n` of each named item; refuses what would go above the maximum. Waits for the outcome.
class Add final : private Transaction {
 public:
  Add(Tables& tables, const TableSchema& schema, std::vector<std::string> names, std::int64_t max = 1'000'000)
      : tables_{tables}, max_{max} {
    for (const auto& name : names)
      add_step(schema, [&](std::string& out) { key_codec::append_row_key(out, schema, name); });
  }

  Add& idempotent(std::string_view key, std::string_view request) {
    make_idempotent(key, hash_request(request));
    return *this;
  }
  Add& erasing() {
    erases_ = true;
    return *this;
  }

  // The sum of all new values, or -1 if refused.
  Result<std::int64_t> run() {
    sum_ = 0;
    tables_.submit(*this);
    done_.acquire();
    if (error_) return std::unexpected(*error_);
    return sum_;
  }

 private:
  Verdict decide(std::size_t, bool exists, Item& item) override {
    if (erases_) return Verdict::erase;
    const std::int64_t n = exists ? *item.find("n")->as_number().to_int64() + 1 : 1;
    if (n > max_) {
      sum_ = -1;
      return Verdict::refuse;
    }
    item.set("n", Value::number(n));
    sum_ += n;
    return Verdict::put;
  }
  void append_outcome(std::string& out) const override { append_big_endian(out, static_cast<std::uint64_t>(sum_)); }
  bool read_outcome(std::string_view bytes) override {
    sum_ = static_cast<std::int64_t>(load_big_endian<std::uint64_t>(bytes));
    return true;
  }
  void finished(const Error* error) noexcept override {
    if (error != nullptr) error_ = *error;
    done_.release();
  }

  Tables& tables_;
  const std::int64_t max_;
  bool erases_ = false;
  std::int64_t sum_ = 0;
  std::optional<Error> error_;
  std::binary_semaphore done_{0};
};

std::string row_key(const TableSchema& schema, std::string_view name) {
  std::string key;
  key_codec::append_row_key(key, schema, name);
  return key;
}

std::optional<std::int64_t> stored(Tables& tables, const TableSchema& schema, std::string_view name) {
  Item item;
  const auto found = tables.read(row_key(schema, name), item);
  EXPECT_TRUE(found) << found.error().message;
  if (!*found) return std::nullopt;
  return item.find("n")->as_number().to_int64();
}

std::size_t rows_of(storage::Store& store, RowKind kind) {
  std::string first;
  append_row_kind(first, kind);
  std::size_t rows = 0;
  for (auto cursor = store.cursor(first, end_of_prefix(first)); cursor.valid(); cursor.next()) ++rows;
  return rows;
}

TEST(Tables, ATableIsThereAfterAReopenWithItsNumber) {
  TemporaryTables t;
  const auto first = t.tables().create(described("one"));
  const auto second = t.tables().create(described("two"));
  ASSERT_TRUE(first && second);
  EXPECT_NE((*first)->id, (*second)->id);
  t.reopen();
  ASSERT_NE(t.tables().find("two"), nullptr);
  EXPECT_EQ(*t.tables().find("two"), **second);
  EXPECT_EQ(t.tables().find("three"), nullptr);
}

TEST(Tables, ANameIsTakenOnce) {
  TemporaryTables t;
  ASSERT_TRUE(t.tables().create(described("one")));
  const auto again = t.tables().create(described("one"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_TRUE(t.tables().find_or_create(described("one")));
  TableSchema other = described("one");
  other.partition_key.type = KeyType::number;
  EXPECT_FALSE(t.tables().find_or_create(other));
}

TEST(Transaction, ReadsWhatTheOneBeforeItWrote) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t"));
  for (std::int64_t i = 1; i <= 100; ++i) EXPECT_EQ(Add(t.tables(), *schema, {"a"}).run(), i);
  EXPECT_EQ(stored(t.tables(), *schema, "a"), 100);
  t.reopen();
  EXPECT_EQ(stored(t.tables(), *t.tables().find("t"), "a"), 100);
}

TEST(Transaction, ALaterStepSeesAnEarlierOneOnTheSameItem) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t"));
  EXPECT_EQ(Add(t.tables(), *schema, {"a", "a", "b"}).run(), 1 + 2 + 1);
  EXPECT_EQ(stored(t.tables(), *schema, "a"), 2);
}

TEST(Transaction, IsAllOrNothing) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t", StreamView::new_image));
  ASSERT_EQ(Add(t.tables(), *schema, {"full"}, 1).run(), 1);
  const std::size_t changes = rows_of(t.store(), RowKind::change);
  EXPECT_EQ(Add(t.tables(), *schema, {"a", "b", "full", "c"}, 1).run(), -1);
  EXPECT_EQ(stored(t.tables(), *schema, "a"), std::nullopt);
  EXPECT_EQ(stored(t.tables(), *schema, "c"), std::nullopt);
  EXPECT_EQ(rows_of(t.store(), RowKind::change), changes);
}

TEST(Transaction, RecordsEachChangeOnceInOrderWithItsImages) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t", StreamView::new_and_old_images));
  ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).run());
  ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).run());
  ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).erasing().run());
  ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).erasing().run());  // nothing is there any more: no change

  std::vector<std::tuple<ChangeKind, bool, bool>> seen;
  std::string first;
  append_change_key(first, schema->id, 0);
  std::uint64_t last_number = 0;
  for (auto cursor = t.store().cursor(first, end_of_prefix(first.substr(0, 5))); cursor.valid(); cursor.next()) {
    const auto number = load_big_endian<std::uint64_t>(cursor.key().substr(5));
    EXPECT_GT(number, last_number);
    last_number = number;
    const auto record = decode_change(cursor.value());
    ASSERT_TRUE(record);
    EXPECT_EQ(record->item_row_key, row_key(*schema, "a"));
    seen.emplace_back(record->kind, record->old_image.has_value(), record->new_image.has_value());
  }
  EXPECT_EQ(seen, (std::vector<std::tuple<ChangeKind, bool, bool>>{{ChangeKind::insert, false, true},
                                                                   {ChangeKind::modify, true, true},
                                                                   {ChangeKind::remove, true, false}}));
}

// Reusing a number would put a new record where a reader has been already.
TEST(Transaction, ChangeNumbersGoOnAfterAReopen) {
  TemporaryTables t;
  ASSERT_TRUE(t.tables().create(described("t", StreamView::keys_only)));
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(Add(t.tables(), *t.tables().find("t"), {"a", "b"}).run());
    t.reopen();
  }
  EXPECT_EQ(rows_of(t.store(), RowKind::change), 6U);
}

TEST(Idempotency, ARetryGetsTheFirstOutcomeAndHasNoEffect) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t"));
  EXPECT_EQ(Add(t.tables(), *schema, {"a"}).idempotent("key", "add a").run(), 1);
  EXPECT_EQ(Add(t.tables(), *schema, {"a"}).run(), 2);
  EXPECT_EQ(Add(t.tables(), *schema, {"a"}).idempotent("key", "add a").run(), 1);
  EXPECT_EQ(stored(t.tables(), *schema, "a"), 2);
  t.reopen();
  EXPECT_EQ(Add(t.tables(), *t.tables().find("t"), {"a"}).idempotent("key", "add a").run(), 1);
}

TEST(Idempotency, ARefusalIsRememberedToo) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t"));
  EXPECT_EQ(Add(t.tables(), *schema, {"a"}, 0).idempotent("key", "r").run(), -1);
  // The maximum is another one now, but the retry must not know.
  EXPECT_EQ(Add(t.tables(), *schema, {"a"}, 10).idempotent("key", "r").run(), -1);
}

TEST(Idempotency, TheSameKeyForAnotherRequestIsRefused) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t"));
  ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).idempotent("key", "one").run());
  const auto other = Add(t.tables(), *schema, {"a"}).idempotent("key", "two").run();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::idempotency_mismatch);
  EXPECT_EQ(stored(t.tables(), *schema, "a"), 1);
}

TEST(Idempotency, AKeyIsForgottenAfterItsRetentionAndUsableAgain) {
  TemporaryTables t{{.retention = std::chrono::hours{24}}};
  const auto schema = *t.tables().create(described("t"));
  EXPECT_EQ(Add(t.tables(), *schema, {"a"}).idempotent("key", "r").run(), 1);
  t.clock().advance(std::chrono::hours{24} - std::chrono::milliseconds{1});
  EXPECT_EQ(Add(t.tables(), *schema, {"a"}).idempotent("key", "r").run(), 1);
  t.clock().advance(std::chrono::milliseconds{1});
  EXPECT_EQ(Add(t.tables(), *schema, {"a"}).idempotent("key", "r").run(), 2);
  // The younger row must not leave together with the older one's place in the order.
  EXPECT_EQ(Add(t.tables(), *schema, {"a"}).idempotent("other", "r").run(), 3);
  EXPECT_EQ(Add(t.tables(), *schema, {"a"}).idempotent("key", "r").run(), 2);
}

TEST(Idempotency, TheNumberOfRowsIsBounded) {
  TemporaryTables t{{.rows_max = 10}};
  const auto schema = *t.tables().create(described("t"));
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).idempotent(fmt::format("key {}", i), "r").run());
    if (i == 50) t.reopen();
  }
  EXPECT_LE(rows_of(t.store(), RowKind::idempotency), 10U);
  EXPECT_LE(rows_of(t.store(), RowKind::idempotency_order), 10U);
  EXPECT_EQ(Add(t.tables(), *t.tables().find("t"), {"a"}).idempotent("key 99", "r").run(), 100);
}

// Small ones make room for large ones, also after a restart.
TEST(Idempotency, TheBytesOfRowsAreBounded) {
  constexpr std::uint64_t bytes_max = 100'000;
  TemporaryTables t{{.bytes_max = bytes_max}};
  const auto bytes = [&] {
    std::string first;
    append_row_kind(first, RowKind::idempotency);
    std::uint64_t sum = 0;
    auto cursor = t.store().cursor(first, end_of_prefix(first));
    for (cursor.seek(first); cursor.valid(); cursor.next()) sum += cursor.key().size() + cursor.value().size();
    return sum;
  };
  const auto schema = *t.tables().create(described("t"));
  const auto remember = [&](std::string_view kind, int i, std::size_t size) {
    const std::string key = fmt::format("{} {} {}", kind, i, secure_random_bytes(size / 2));
    return Add(t.tables(), *t.tables().find("t"), {"a"}).idempotent(key.substr(0, size), "r").run();
  };
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(remember("small", i, 100));
  EXPECT_LE(bytes(), 2 * bytes_max);
  EXPECT_GT(bytes(), bytes_max / 2);
  t.reopen();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(remember("large", i, 1'000));
  EXPECT_LE(bytes(), 2 * bytes_max);
  EXPECT_GT(bytes(), bytes_max / 2);
}

// What is expired must leave as new rows come, without anybody sweeping.
TEST(Idempotency, ExpiredRowsLeaveTheStore) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t"));
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).idempotent(fmt::format("old {}", i), "r").run());
  t.clock().advance(std::chrono::hours{25});
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).idempotent(fmt::format("new {}", i), "r").run());
  EXPECT_EQ(rows_of(t.store(), RowKind::idempotency), 50U);
}

// Making room is no reason to take a whole backlog away in one write.
TEST(Idempotency, AWriteEvictsNoMoreThanItsShare) {
  TemporaryTables t{{.bytes_max = 8'000}};
  const auto schema = *t.tables().create(described("t"));
  const auto remember = [&](const std::string& key) {
    ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).idempotent(key, "r").run());
  };
  for (int i = 0; i < 500; ++i) remember(fmt::format("old {}", i));
  const std::size_t before = rows_of(t.store(), RowKind::idempotency);
  t.clock().advance(std::chrono::hours{25});
  for (const char c : {'a', 'b', 'c', 'd', 'e'}) remember(std::string(1'000, c));
  EXPECT_GT(before, 400U);
  EXPECT_LT(rows_of(t.store(), RowKind::idempotency), before);
  EXPECT_GT(rows_of(t.store(), RowKind::idempotency), before / 4);
}

// Also those of a time that never came: the clock was wrong.
TEST(Idempotency, RowsFromFarAheadLeaveTheStore) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t"));
  t.clock().advance(std::chrono::hours{1000});
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).idempotent(fmt::format("ahead {}", i), "r").run());
  t.clock().advance(-std::chrono::hours{1000});
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).idempotent(fmt::format("now {}", i), "r").run());
  EXPECT_EQ(rows_of(t.store(), RowKind::idempotency), 50U);
}

class CountingWatcher : public Watcher {
 public:
  void item_changed() noexcept override { ++changes; }
  std::atomic<int> changes{0};
};

TEST(Watchers, AreToldOfChangesOfTheirItemOnly) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t"));
  CountingWatcher watcher;
  t.tables().watchers().add(row_key(*schema, "a"), watcher);
  ASSERT_TRUE(Add(t.tables(), *schema, {"b"}).run());
  EXPECT_EQ(watcher.changes, 0);
  ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).run());
  EXPECT_EQ(watcher.changes, 1);
  t.tables().watchers().remove(row_key(*schema, "a"), watcher);
  ASSERT_TRUE(Add(t.tables(), *schema, {"a"}).run());
  EXPECT_EQ(watcher.changes, 1);
}

TEST(RowCheck, EveryRowOfAUsedStoreIsGood) {
  TemporaryTables t;
  const auto schema = *t.tables().create(described("t", StreamView::new_and_old_images));
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(Add(t.tables(), *schema, {fmt::format("{}", i % 7), "x"}).idempotent(fmt::format("{}", i), "r").run());
  RowCheck check;
  for (auto cursor = t.store().cursor("", ""); cursor.valid(); cursor.next())
    EXPECT_EQ(check.check(cursor.key(), cursor.value()), "");
  EXPECT_EQ(check.items(), 8U);
  EXPECT_EQ(check.tables(), 1U);
}

TEST(RowCheck, SaysWhatIsWrong) {
  RowCheck check;
  EXPECT_NE(check.check("", ""), "");
  EXPECT_NE(check.check("\x7f", ""), "");
  EXPECT_NE(check.check(schema_key("t"), "?"), "");
  EXPECT_EQ(check.finish(), "");
  EXPECT_EQ(check.check(row_key({.name = "t", .id = 9, .partition_key = {.name = "id"}}, "a"), "\x01"), "");
  EXPECT_NE(check.finish(), "") << "an item without a table, and no purge that takes it away";
  const std::string prefix = row_key({.name = "t", .id = 9, .partition_key = {.name = "id"}}, "a").substr(0, 5);
  EXPECT_EQ(check.check(purge_key(prefix), purge_value()), "");
  EXPECT_EQ(check.finish(), "");
}

}  // namespace
}  // namespace quipu::table
