// The table part's front: which tables there are, reading items, and handing transactions to the one writer.
//
// Threads: everything may be called from any thread, but for what says "committer thread".
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "storage/committer.h"
#include "storage/store.h"
#include "table/change.h"
#include "table/idempotency.h"
#include "table/key_range.h"
#include "table/schema.h"
#include "table/schema_edit.h"
#include "table/stream_info.h"
#include "table/table_figures.h"
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
  // Neither the table nor that index of it has been dropped; others of their names do not count. What was read before
  // this said so was whole: rows of what is dropped go later.
  bool still_has(const TableSchema& schema, const IndexSchema* index = nullptr) const;
  // These wait until the change is durable. The edit runs on the committer thread, sees the schema of that moment, and
  // decides; its error is theirs. What an edit adds with id 0 gets its number.
  Result<std::shared_ptr<const TableSchema>> edit(std::string name, SchemaEdit edit);
  // Takes the table away, unless `check` objects: an edit that goes on for longer when the disk runs full.
  Result<> drop(std::string name, SchemaCheck check);
  // `conflict` if there is one of that name. The id in `wanted` is ignored.
  Result<std::shared_ptr<const TableSchema>> create(TableSchema wanted);
  // The table of that name, made if it was not there; `conflict` if it is there with another key.
  Result<std::shared_ptr<const TableSchema>> find_or_create(const TableSchema& wanted);
  // Called on the committer thread after each change of a schema: hand over and return. Set once, before any.
  void call_after_schema_change(std::function<void()> call) { after_schema_change_ = std::move(call); }

  // --- change streams, also those that have ended and are still kept
  std::vector<StreamInfo> streams() const;
  std::optional<StreamInfo> find_stream(std::uint32_t table_id, std::uint64_t created_ms) const;
  // The change after the newest durable one.
  Result<std::uint64_t> next_durable_change() const;
  // Visits the change records of a table, `first` and later, in order, until `visit` returns false. May wait for the
  // disk.
  Result<> scan_changes(std::uint32_t table_id, std::uint64_t first,
                        const std::function<bool(std::uint64_t change, const ChangeRecord& record)>& visit) const;
  // The stream's last rows are gone too: nobody is told of it any more. `conflict` while it is on.
  Result<> forget_stream(std::uint32_t table_id, std::uint64_t created_ms);

  // --- reading: only durable items; `item` gets the attributes without the key
  Result<bool> read(std::string_view row_key, value::Item& item) const;  // may wait for the disk
  Result<storage::Store::Cached> read_cached(std::string_view row_key, value::Item& item) const;  // never waits
  // Visits the items from row key `first` up to, not including, `end`, in order, in one consistent state, until `visit`
  // returns false. May wait for the disk.
  Result<> scan(std::string_view first, std::string_view end,
                const std::function<bool(std::string_view row_key, const value::Item& item)>& visit) const;
  // Likewise, with the rows as they are, and also backwards.
  enum class Direction : std::uint8_t { forward, backward };
  Result<> scan_rows(const KeyRange& range, Direction direction,
                     const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
  // Several items in one consistent state, in the order of `row_keys`. May wait for the disk.
  Result<> read_together(std::span<const std::string> row_keys,
                         const std::function<void(std::size_t index, const value::Item* item)>& visit) const;
  Result<TableFigures> figures(std::uint32_t table_or_index_id) const;

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
  // The schema that holds now, or null if there is no such table any more.
  const TableSchema* current(std::uint32_t table_id) const;
  std::uint64_t next_change_number(storage::WriteGroup& group);
  std::uint64_t peek_change_number() const { return next_change_number_; }
  Result<std::uint32_t> next_table_id(storage::WriteGroup& group);
  // A stream's row has changed, and that is durable.
  void stream_changed(StreamInfo stream);
  const Clock& clock() const { return clock_; }
  storage::Store& store() { return store_; }
  storage::Committer& committer() { return committer_; }

 private:
  friend class SchemaWrite;
  using Catalog = std::map<std::string, std::shared_ptr<const TableSchema>, std::less<>>;
  using StreamKey = std::pair<std::uint32_t, std::uint64_t>;  // table id, created
  using Streams = std::map<StreamKey, StreamInfo>;

  Tables(storage::Store& store, storage::Committer& committer, const Clock& clock)
      : store_{store}, committer_{committer}, clock_{clock} {}
  Result<std::shared_ptr<const TableSchema>> change_schema(std::string name, SchemaEdit edit, SchemaWrite::Kind kind);
  Result<> load();
  Result<> load_schemas();
  Result<> load_streams();
  // A durable change of a schema; `schema` is null if the table `dropped_id` has gone.
  void publish(const std::string& name, std::uint32_t dropped_id, std::shared_ptr<const TableSchema> schema,
               std::vector<StreamInfo> streams);

  storage::Store& store_;
  storage::Committer& committer_;
  const Clock& clock_;
  Guarded<Catalog> catalog_;
  Guarded<Streams> streams_;
  std::function<void()> after_schema_change_;
  Watchers watchers_;
  // Committer thread only, once open() is done.
  std::unique_ptr<IdempotencyLog> idempotency_;
  std::unordered_map<std::uint32_t, std::shared_ptr<const TableSchema>> current_;
  std::uint64_t next_change_number_ = 1;
  Scratch scratch_;
};

}  // namespace quipu::table
