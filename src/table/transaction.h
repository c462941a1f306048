// The one way in which items change: read, decide, write - several items at once, all or nothing, with its change
// records and the memory of its outcome in the same batch. Put, update, delete, counters and transactions are all this.
//
// A transaction belongs to whoever submits it and is made to be used again: set up, submit, finished(), set up, ...
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/committer.h"
#include "table/idempotency.h"
#include "table/schema.h"
#include "value/value.h"

namespace quipu::table {

class Tables;

class Transaction : private storage::Write {
 public:
  enum class Verdict : std::uint8_t {
    keep,              // the item stays as it is
    put,               // it becomes what `item` now holds
    erase,             // it goes
    refuse,            // the whole transaction has no effect; its outcome says why
    refuse_and_go_on,  // likewise, but the steps that follow are decided too, each as if it stood alone
  };

  std::size_t steps() const { return steps_.size(); }
  std::string_view row_key(std::size_t step) const;

 protected:
  Transaction() = default;
  ~Transaction() override = default;

  // --- by the owner, before submit
  void clear();
  // Adds a step on the item whose row key `append_row_key` appends; `schema` must outlive the transaction's run. What
  // is written is what the table's schema of that moment asks for; if the table has gone, the transaction fails.
  void add_step(const TableSchema& schema, auto&& append_row_key) {
    const std::size_t first = row_keys_.size();
    append_row_key(row_keys_);
    steps_.push_back({.schema = &schema, .row_key_first = first, .row_key_size = row_keys_.size() - first});
  }
  // A second transaction with the same key and hash is answered with the first one's outcome: for `window`, or as long
  // as the log keeps it if that is shorter.
  void make_idempotent(std::string_view key, const RequestHash& hash,
                       std::chrono::milliseconds window = std::chrono::milliseconds::max());
  // Items that this transaction erases have gone because their time was past.
  void erases_expired() { erases_expired_ = true; }

  // --- by the subclass, on the committer thread
  // `item` holds the stored item's attributes without its key (nothing if it does not exist) and may be changed in
  // place. Called for each step in order; a later step sees what an earlier one did to the same item.
  virtual Verdict decide(std::size_t step, bool exists, value::Item& item) = 0;
  // The outcome as bytes, and back again for a transaction that was done before. The subclass owns the format, and
  // keeps old ones readable for as long as idempotency rows live.
  virtual void append_outcome(std::string& out) const = 0;
  virtual bool read_outcome(std::string_view bytes) = 0;
  // Is a transaction that was refused to be remembered too? If not, the same one may be tried again later.
  virtual bool remembers_refusal() const { return true; }
  // Once per submit, when the outcome is durable, or with the error that kept it from being so. The transaction may be
  // set up again, or destroyed, inside.
  virtual void finished(const Error* error) noexcept = 0;

 private:
  friend class Tables;

  struct Step {
    const TableSchema* schema;
    std::size_t row_key_first;
    std::size_t row_key_size;
  };

  void apply(storage::WriteGroup& group) final;
  void finish(storage::Committed outcome) noexcept override;
  Result<> decide_all(storage::WriteGroup& group);
  Result<Verdict> decide_step(storage::WriteGroup& group, std::size_t step);

  std::vector<Step> steps_;
  std::string row_keys_;  // all steps' row keys, one behind the other
  std::string idempotency_key_;
  RequestHash request_hash_{};
  std::chrono::milliseconds idempotency_window_{};
  bool erases_expired_ = false;

  Tables* tables_ = nullptr;  // set by submit
  std::optional<Error> error_;
  bool replayed_ = false;
};

}  // namespace quipu::table
