// Jobs of the maintenance thread on a real store, run on the test's own thread and cut off where the test wants it.
// Included by tests only.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <semaphore>
#include <stop_token>
#include <string>
#include <vector>

#include "base/random.h"
#include "table/index_rows.h"
#include "table/key_codec.h"
#include "table/maintenance_job.h"
#include "table/rows.h"
#include "table/temporary_tables.h"
#include "value/item_codec.h"

namespace quipu::table {

// Puts or erases whole items, all or nothing. Waits for the outcome.
class WholeItems final : private Transaction {
 public:
  explicit WholeItems(Tables& tables) : tables_{tables} {}

  Result<> put(const TableSchema& schema, std::vector<value::Item> items) {
    return run(schema, std::move(items), false);
  }
  Result<> erase(const TableSchema& schema, std::vector<value::Item> items) {
    return run(schema, std::move(items), true);
  }

 private:
  Result<> run(const TableSchema& schema, std::vector<value::Item> items, bool erase) {
    clear();
    items_ = std::move(items);
    erase_ = erase;
    error_.reset();
    for (const value::Item& item : items_)
      add_step(schema, [&](std::string& out) { EXPECT_TRUE(key_codec::append_row_key(out, schema, item)); });
    key_ = schema.partition_key.name;
    tables_.submit(*this);
    done_.acquire();
    if (error_) return std::unexpected(*error_);
    return {};
  }

  Verdict decide(std::size_t step, bool, value::Item& item) override {
    if (erase_) return Verdict::erase;
    item = items_[step];
    item.erase(key_);
    return Verdict::put;
  }
  void append_outcome(std::string&) const override {}
  bool read_outcome(std::string_view) override { return true; }
  void finished(const Error* error) noexcept override {
    if (error != nullptr) error_ = *error;
    done_.release();
  }

  Tables& tables_;
  std::vector<value::Item> items_;
  std::string key_;
  bool erase_ = false;
  std::optional<Error> error_;
  std::binary_semaphore done_{0};
};

// Small steps, so that a few items make many of them.
inline constexpr MaintenanceOptions small_steps{.rows_erased_a_step = 7, .items_a_step = 5, .items_expired_a_step = 3};

class Jobs {
 public:
  explicit Jobs(MaintenanceOptions options = small_steps) : options_{options} {}

  Tables& tables() { return temporary_.tables(); }
  storage::Store& store() { return temporary_.store(); }
  TestClock& clock() { return temporary_.clock(); }
  void reopen() { temporary_.reopen(); }
  const MaintenanceFigures& figures() const { return figures_; }

  // `between_steps` may change what it likes, and say false: then the job is cut off there.
  Result<> run(Result<> (*job)(JobContext&), const std::function<bool()>& between_steps = {}) {
    std::stop_source stop;
    JobContext context{
        .tables = tables(), .options = options_, .figures = figures_, .stop = stop.get_token(), .between_steps = [&] {
          if (between_steps && !between_steps()) stop.request_stop();
        }};
    return job(context);
  }

  void cut_off_after(std::size_t steps, Result<> (*job)(JobContext&)) {
    const auto cut = run(job, [&] { return --steps != 0; });
    ASSERT_FALSE(cut) << "it was done before";
    EXPECT_EQ(cut.error().code, ErrorCode::unavailable);
  }

  void put(const TableSchema& schema, value::Item item) {
    ASSERT_TRUE(WholeItems{tables()}.put(schema, {std::move(item)}));
  }
  void erase(const TableSchema& schema, value::Item item) {
    ASSERT_TRUE(WholeItems{tables()}.erase(schema, {std::move(item)}));
  }
  void drop(const std::string& name) {
    ASSERT_TRUE(tables().drop(name, [](const std::optional<TableSchema>&) -> Result<> { return {}; }));
  }

  std::map<std::string, std::string> rows_below(const std::string& prefix) {
    std::map<std::string, std::string> rows;
    auto cursor = store().cursor(prefix, end_of_prefix(prefix));
    for (cursor.seek(prefix); cursor.valid(); cursor.next()) rows.emplace(cursor.key(), cursor.value());
    return rows;
  }
  std::size_t rows_of(RowKind kind) {
    std::string prefix;
    append_row_kind(prefix, kind);
    return rows_below(prefix).size();
  }
  // By primary key.
  std::map<std::string, std::string> items(const TableSchema& schema) {
    std::string prefix;
    key_codec::append_table_prefix(prefix, schema.id);
    std::map<std::string, std::string> items;
    for (const auto& [key, value] : rows_below(prefix)) items.emplace(key_codec::primary_key_of(key), value);
    return items;
  }

  // Rows beside the items, and the figures, are exactly what the items ask for.
  void expect_exact(const TableSchema& schema) {
    std::string prefix;
    key_codec::append_table_prefix(prefix, schema.id);
    const auto rows = rows_below(prefix);
    expect_figures(schema.id, rows);
    for (const IndexSchema& index : schema.indexes) {
      std::map<std::string, std::string> expected;
      for (const auto& [key, value] : rows)
        if (const auto row = make_index_row(schema, index, key, whole(schema, key, value)))
          expected.emplace(row->key, row->value);
      std::string index_prefix;
      append_index_prefix(index_prefix, index.id);
      EXPECT_EQ(rows_below(index_prefix), expected) << index.name;
      expect_figures(index.id, expected);
    }
    if (!schema.expiry) return;
    std::map<std::string, std::string> expected;
    for (const auto& [key, value] : rows)
      if (const auto row = make_expiry_row(*schema.expiry, key, whole(schema, key, value)))
        expected.emplace(row->key, row->value);
    std::string expiry_prefix;
    append_expiry_prefix(expiry_prefix, schema.expiry->id);
    EXPECT_EQ(rows_below(expiry_prefix), expected);
  }

 private:
  static value::Item whole(const TableSchema& schema, std::string_view key, std::string_view encoded) {
    value::Item item;
    EXPECT_TRUE(value::decode_item(encoded, item));
    EXPECT_TRUE(key_codec::read_row_key(key, schema, item));
    return item;
  }
  void expect_figures(std::uint32_t id, const std::map<std::string, std::string>& rows) {
    TableFigures expected{.items = rows.size()};
    for (const auto& [key, value] : rows) expected.bytes += key.size() + value.size();
    EXPECT_EQ(*tables().figures(id), expected) << id;
  }

  const MaintenanceOptions options_;
  TemporaryTables temporary_;
  MaintenanceFigures figures_;
};

inline TableSchema described(std::string name) {
  return {.name = std::move(name), .partition_key = {.name = "id", .type = KeyType::string}};
}

inline IndexSchema index_by(std::string attribute, Filling filling = Filling::done) {
  return {.name = "by " + attribute, .partition_key = {.name = attribute, .type = KeyType::string}, .filling = filling};
}

// One of `keys` items, now with an owner and a time, now without.
inline value::Item random_item(SeededRandom& random, std::uint64_t keys) {
  value::Item item;
  item.set("id", value::Value::string("k" + std::to_string(random.below(keys))));
  if (random.below(4) != 0) item.set("owner", value::Value::string("o" + std::to_string(random.below(3))));
  if (random.below(4) != 0) item.set("at", value::Value::number(static_cast<std::int64_t>(random.below(9))));
  item.set("n", value::Value::number(static_cast<std::int64_t>(random.below(1000))));
  return item;
}

inline void put_random_items(Jobs& jobs, const TableSchema& schema, SeededRandom& random, std::uint64_t keys) {
  std::vector<value::Item> items;
  for (std::uint64_t i = 0; i < 2 * keys; ++i) items.push_back(random_item(random, keys));
  ASSERT_TRUE(WholeItems{jobs.tables()}.put(schema, std::move(items)));
}

// A put or a deletion, at random.
inline void change_random_item(Jobs& jobs, const TableSchema& schema, SeededRandom& random, std::uint64_t keys) {
  value::Item item = random_item(random, keys);
  if (random.below(3) == 0)
    jobs.erase(schema, std::move(item));
  else
    jobs.put(schema, std::move(item));
}

}  // namespace quipu::table
