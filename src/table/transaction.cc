#include "table/transaction.h"

#include "base/bytes.h"
#include "table/change.h"
#include "table/rows.h"
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
}

void Transaction::make_idempotent(std::string_view key, const RequestHash& hash) {
  QUIPU_ASSERT(!key.empty() && key.size() <= idempotency_key_bytes_max, "{} bytes", key.size());
  idempotency_key_ = key;
  request_hash_ = hash;
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
    QUIPU_TRY(const auto remembered, idempotency.find(group, idempotency_key_, request_hash_));
    if (remembered) {
      replayed_ = true;
      if (!read_outcome(*remembered))
        return fail(ErrorCode::damaged, "the outcome remembered for idempotency key {:?} is damaged", idempotency_key_);
      return {};
    }
  }

  const auto mark = group.mark();
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    QUIPU_TRY(const Verdict verdict, decide_step(group, step));
    if (verdict != Verdict::refuse) continue;
    group.roll_back(mark);
    break;
  }

  if (!idempotency_key_.empty()) {
    std::string& outcome = tables_->scratch().outcome;
    outcome.clear();
    append_outcome(outcome);
    QUIPU_CHECK(idempotency.remember(group, idempotency_key_, request_hash_, outcome));
  }
  return {};
}

Result<Transaction::Verdict> Transaction::decide_step(storage::WriteGroup& group, std::size_t step) {
  auto& [item, encoded, record_key, record, outcome] = tables_->scratch();
  const std::string_view key = row_key(step);
  std::string_view stored;
  QUIPU_TRY(const bool exists, group.get(key, stored));
  if (exists)
    QUIPU_CHECK(value::decode_item(stored, item));
  else
    item.clear();

  const Verdict verdict = decide(step, exists, item);
  const bool records = steps_[step].schema->stream_view != StreamView::off;
  if (verdict == Verdict::put) {
    encoded.clear();
    value::encode_item(item, encoded);
    if (exists && encoded == stored) return verdict;
    if (records) record_change(group, steps_[step], key, exists ? std::optional{stored} : std::nullopt, encoded);
    group.put(key, encoded);
  } else if (verdict == Verdict::erase && exists) {
    if (records) record_change(group, steps_[step], key, stored, std::nullopt);
    group.erase(key);
  }
  return verdict;
}

void Transaction::record_change(storage::WriteGroup& group, const Step& step, std::string_view row_key,
                                std::optional<std::string_view> old_image, std::optional<std::string_view> new_image) {
  auto& scratch = tables_->scratch();
  ChangeRecord change{
      .kind = !old_image   ? ChangeKind::insert
              : !new_image ? ChangeKind::remove
                           : ChangeKind::modify,
      .time_ms = static_cast<std::uint64_t>(tables_->clock().wall_ms()),
      .item_row_key = row_key,
      .old_image = old_image,
      .new_image = new_image,
  };
  apply_view(change, step.schema->stream_view);
  scratch.record.clear();
  append_change(scratch.record, change);
  scratch.record_key.clear();
  append_change_key(scratch.record_key, step.schema->id, tables_->next_change_number(group));
  group.put(scratch.record_key, scratch.record);
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
