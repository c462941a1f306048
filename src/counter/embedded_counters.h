// Counters in Quipu's own tables: an item of the table AtomicCounters is a counter, its key `id` the name, its number
// `lastValue` the value. A client of the table and a client of the counters see one and the same thing.
#pragma once

#include <memory>

#include "base/worker_pool.h"
#include "counter/counter_store.h"
#include "table/tables.h"

namespace quipu::counter {

class EmbeddedCounters : public ListedCounters {
 public:
  // Makes the table if it is not there. Tables and readers outlive it; `readers` does what may wait for the disk.
  static constexpr std::string_view table_name = "AtomicCounters";

  static Result<std::unique_ptr<EmbeddedCounters>> open(table::Tables& tables, WorkerPool& readers);

  std::unique_ptr<CounterCall> new_call() override;
  void flush() override { tables_.wake(); }
  Result<CounterPage> list(std::string_view prefix, std::string_view after, std::size_t limit) override;
  void watch(std::string_view name, table::Watcher& watcher) override;
  void unwatch(std::string_view name, table::Watcher& watcher) override;

 private:
  class Call;

  EmbeddedCounters(table::Tables& tables, WorkerPool& readers, std::shared_ptr<const table::TableSchema> schema)
      : tables_{tables}, readers_{readers}, schema_{std::move(schema)} {}
  std::string row_key(std::string_view name) const;

  table::Tables& tables_;
  WorkerPool& readers_;
  const std::shared_ptr<const table::TableSchema> schema_;
};

}  // namespace quipu::counter
