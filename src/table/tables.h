// The table part's front: which tables there are, reading items, and handing transactions to the one writer.
//
// Threads: everything may be called from any thread, but for what says "committer thread".
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "storage/committer.h"
#include "storage/store.h"
#include "table/idempotency.h"
#include "table/schema.h"
#include "table/transaction.h"
#include "table/watchers.h"
#include "value/value.h"

namespace quipu::table {

class Tables {
 public:
  // Store, committer and clock outlive it.
  static Result<std::unique_ptr<Tables>> open(storage::Store& store, storage::Committer& committer, const Clock& clock,
                                              IdempotencyLimits limits = {});

  // --- which tables there are
  std::shared_ptr<const TableSchema> find(std::string_view name) const;
  std::vector<std::shared_ptr<const TableSchema>> list() const;
  // Waits until the table is durable. `conflict` if there is one of that name. The id in `wanted` is ignored.
  Result<std::shared_ptr<const TableSchema>> create(TableSchema wanted);
  // The table of that name, made if it was not there; `conflict` if it is there with another key.
  Result<std::shared_ptr<const TableSchema>> find_or_create(const TableSchema& wanted);

  // --- reading: only durable items; `item` gets the attributes without the key
  Result<bool> read(std::string_view row_key, value::Item& item) const;  // may wait for the disk
  Result<storage::Store::Cached> read_cached(std::string_view row_key, value::Item& item) const;  // never waits
  // Visits the items from row key `first` up to, not including, `end`, in order, in one consistent state, until `visit`
  // returns false. May wait for the disk.
  Result<> scan(std::string_view first, std::string_view end,
                const std::function<bool(std::string_view row_key, const value::Item& item)>& visit) const;

  // --- writing
  void submit(Transaction& transaction);
  // For a thread that queues a crowd and wakes the committer once.
  void enqueue(Transaction& transaction);
  void wake() { committer_.wake(); }

  Watchers& watchers() { return watchers_; }

  // --- for transactions, on the committer thread
  struct Scratch {  // buffers that every transaction uses in its turn
    value::Item item;
    std::string encoded, record_key, record, outcome;
  };
  Scratch& scratch() { return scratch_; }
  IdempotencyLog& idempotency() { return *idempotency_; }
  std::uint64_t next_change_number(storage::WriteGroup& group);
  const Clock& clock() const { return clock_; }

 private:
  class CreateTable;
  using Catalog = std::map<std::string, std::shared_ptr<const TableSchema>, std::less<>>;

  Tables(storage::Store& store, storage::Committer& committer, const Clock& clock)
      : store_{store}, committer_{committer}, clock_{clock} {}
  Result<> load();

  storage::Store& store_;
  storage::Committer& committer_;
  const Clock& clock_;
  Guarded<Catalog> catalog_;
  Watchers watchers_;
  // Committer thread only, once open() is done.
  std::unique_ptr<IdempotencyLog> idempotency_;
  std::uint64_t next_change_number_ = 1;
  Scratch scratch_;
};

}  // namespace quipu::table
