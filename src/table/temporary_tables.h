// Tables on a real store in a temporary directory, which can be closed and opened again. Included by tests only.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "base/temporary_directory.h"
#include "storage/committer.h"
#include "storage/store.h"
#include "table/tables.h"

namespace quipu::table {

class TestClock : public Clock {
 public:
  std::int64_t wall_ms() const override { return wall_ms_; }
  void advance(std::chrono::milliseconds by) { wall_ms_ += by.count(); }

 private:
  std::int64_t wall_ms_ = 1'700'000'000'000;
};

class TemporaryTables {
 public:
  explicit TemporaryTables(IdempotencyLimits limits = {}) : limits_{limits} { open(); }

  Tables& tables() { return *tables_; }
  storage::Store& store() { return *store_; }
  TestClock& clock() { return clock_; }

  void reopen() {
    tables_.reset();
    committer_.reset();
    store_.reset();
    open();
  }

 private:
  void open() {
    auto store = storage::Store::open({.directory = directory_.path() / "data", .free_space_floor_bytes = 1});
    QUIPU_ASSERT(store.has_value(), "{}", store.error().message);
    store_ = *std::move(store);
    committer_ = std::make_unique<storage::Committer>(
        *store_, [](const Error& error) { QUIPU_ASSERT(false, "the store failed: {}", error.message); });
    auto tables = Tables::open(*store_, *committer_, clock_, limits_);
    QUIPU_ASSERT(tables.has_value(), "{}", tables.error().message);
    tables_ = *std::move(tables);
  }

  const IdempotencyLimits limits_;
  TemporaryDirectory directory_;
  TestClock clock_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<storage::Committer> committer_;
  std::unique_ptr<Tables> tables_;
};

}  // namespace quipu::table
