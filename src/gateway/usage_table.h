// What keys have taken of their quotas: items of the system table quipu.usage (docs/formats/plans.md), one for each key
// and kind of period. The next period writes over the last one's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/plan.h"
#include "table/tables.h"
#include "table/transaction.h"

namespace quipu::gateway {

class UsageTable {
 public:
  static Result<std::unique_ptr<UsageTable>> open(table::Tables& tables);

  // What is stored as taken in that period. May wait for the disk.
  Result<std::int64_t> taken(std::string_view key_id, Period period, const Window& window) const;

  table::Tables& tables() const { return tables_; }
  const table::TableSchema& schema() const { return *schema_; }
  const Clock& clock() const { return tables_.clock(); }

  static std::string item_key(std::string_view key_id, Period period);

 private:
  UsageTable(table::Tables& tables, std::shared_ptr<const table::TableSchema> schema)
      : tables_{tables}, schema_{std::move(schema)} {}

  table::Tables& tables_;
  const std::shared_ptr<const table::TableSchema> schema_;
};

// Takes a block of a quota, or brings one back: one durable change of one item. It is asked for the limit when it is
// decided, not when it is made, so that no block is taken under a limit that holds no more.
class QuotaTake : private table::Transaction {
 public:
  void submit();

  const Period period;
  const Window window;
  const std::int64_t wanted;  // below 0: so many come back

 protected:
  QuotaTake(const UsageTable& usage, std::string_view key_id, Period of_period, const Window& of_window,
            std::int64_t wanted_or_back);
  ~QuotaTake() override = default;

  // On the committer thread.
  virtual std::optional<Quota> quota() const = 0;
  // Once, when it is durable, or not to be had. May destroy the object.
  virtual void done(std::int64_t granted, const Error* error) noexcept = 0;

 private:
  Verdict decide(std::size_t step, bool exists, value::Item& item) override;
  bool may_use_reserve() const override { return true; }  // reads have a quota too
  void append_outcome(std::string&) const override {}
  bool read_outcome(std::string_view) override { return true; }
  void finished(const Error* error) noexcept override { done(granted_, error); }

  const UsageTable& usage_;
  std::int64_t granted_ = 0;
};

}  // namespace quipu::gateway
