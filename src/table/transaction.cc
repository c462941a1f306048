#include "table/transaction.h"

#include "table/item_change.h"
#include "table/tables.h"
#include "value/item_codec.h"

namespace quipu::table {

std::string_view Transaction::row_key(std::size_t step) const {
  return std::string_view{row_keys_}.substr(steps_[step].row_key_first, steps_[step].row_key_size);
}

void Transaction::clear() {
  steps_.clear();
  row_keys_.clear();
  idempotency_key_.clear();
  erases_expired_ = false;
}

void Transaction::make_idempotent(std::string_view key, const RequestHash& hash, std::chrono::milliseconds window) {
  QUIPU_ASSERT(!key.empty() && key.size() <= idempotency_key_bytes_max, "{} bytes", key.size());
  idempotency_key_ = key;
  request_hash_ = hash;
  idempotency_window_ = window;
}

void Transaction::apply(storage::WriteGroup& group) {
  const auto mark = group.mark();
  error_.reset();
  replayed_ = false;
  if (auto done = decide_all(group); !done) {
    group.roll_back(mark);
    error_ = std::move(done).error();
  }
}

Result<> Transaction::decide_all(storage::WriteGroup& group) {
  IdempotencyLog& idempotency = tables_->idempotency();
  if (!idempotency_key_.empty()) {
    QUIPU_TRY(const auto remembered, idempotency.find(group, idempotency_key_, request_hash_, idempotency_window_));
    if (remembered) {
      replayed_ = true;
      if (!read_outcome(*remembered))
        return fail(ErrorCode::damaged, "the outcome remembered for idempotency key {:?} is damaged", idempotency_key_);
      return {};
    }
  }

  const auto mark = group.mark();
  bool refused = false;
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    QUIPU_TRY(const Verdict verdict, decide_step(group, step));
    refused = refused || verdict == Verdict::refuse || verdict == Verdict::refuse_and_go_on;
    if (verdict == Verdict::refuse) break;
  }
  if (refused) group.roll_back(mark);

  if (!idempotency_key_.empty() && (!refused || remembers_refusal())) {
    std::string& outcome = tables_->scratch().outcome;
    outcome.clear();
    append_outcome(outcome);
    QUIPU_CHECK(idempotency.remember(group, idempotency_key_, request_hash_, outcome));
  }
  return {};
}

Result<Transaction::Verdict> Transaction::decide_step(storage::WriteGroup& group, std::size_t step) {
  const TableSchema* schema = tables_->current(steps_[step].schema->id);
  if (schema == nullptr)
    return fail(ErrorCode::not_found, "the table {} does not exist any more", steps_[step].schema->name);
  value::Item& item = tables_->scratch().item;
  const std::string_view key = row_key(step);
  std::string_view stored;
  QUIPU_TRY(const bool exists, group.get(key, stored));
  if (exists)
    QUIPU_CHECK(value::decode_item(stored, item));
  else
    item.clear();

  const Verdict verdict = decide(step, exists, item);
  const auto before = exists ? std::optional{stored} : std::nullopt;
  if (verdict == Verdict::put) {
    std::string& encoded = tables_->scratch().encoded;
    encoded.clear();
    value::encode_item(item, encoded);
    if (exists && encoded == stored) return verdict;
    QUIPU_CHECK(write_item_change(
        group, *tables_, {.schema = *schema, .row_key = key, .before = before, .after = std::string_view{encoded}}));
  } else if (verdict == Verdict::erase && exists) {
    QUIPU_CHECK(write_item_change(
        group, *tables_,
        {.schema = *schema, .row_key = key, .before = before, .after = std::nullopt, .expired = erases_expired_}));
  }
  return verdict;
}

void Transaction::finish(storage::Committed outcome) noexcept {
  switch (outcome) {
    case storage::Committed::durable: break;
    case storage::Committed::no_space:
      error_ =
          Error{ErrorCode::out_of_space, "the disk is nearly full, so nothing was written; free some space and retry"};
      break;
    case storage::Committed::unavailable:
      error_ = Error{ErrorCode::unavailable, "the server is busy or stopping, so nothing was written; retry"};
      break;
    case storage::Committed::unknown:
      error_ =
          Error{ErrorCode::outcome_unknown,
                "the write failed half-way: it may or may not be found later; retry with the same idempotency key"};
      break;
  }
  Watchers& watchers = tables_->watchers();
  if (!error_ && !replayed_ && !watchers.none())
    for (std::size_t step = 0; step < steps_.size(); ++step) watchers.tell(row_key(step));
  finished(error_ ? &*error_ : nullptr);
}

}  // namespace quipu::table
