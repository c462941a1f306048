#include "table/idempotency.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/sha256.h"
#include "table/rows.h"

namespace quipu::table {

namespace {

constexpr std::uint8_t row_version = 1;
constexpr int evictions_a_write = 2;  // more than one, so that a backlog shrinks
// Where many small outcomes make room for a large one.
constexpr int evictions_for_room_max = 100;

std::string row_key(std::string_view key) {
  std::string out;
  append_row_kind(out, RowKind::idempotency);
  out += key;
  return out;
}

std::string order_key(std::uint64_t ordinal) {
  std::string out;
  append_row_kind(out, RowKind::idempotency_order);
  append_big_endian(out, ordinal);
  return out;
}

}  // namespace

RequestHash hash_request(std::string_view canonical_request) {
  const Sha256 digest = sha256(canonical_request);
  RequestHash hash;
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

std::optional<IdempotencyRow> decode_idempotency_row(std::string_view value) {
  ByteReader in{value};
  IdempotencyRow row;
  std::uint8_t version = 0;
  std::string_view hash;
  if (!in.read(version) || version != row_version || !in.read(row.ordinal) || !in.read(row.created_ms) ||
      !in.read(row.request_hash.size(), hash))
    return std::nullopt;
  std::ranges::copy(hash, row.request_hash.begin());
  row.outcome = in.rest();
  return row;
}

std::optional<IdempotencyOrderRow> decode_idempotency_order_row(std::string_view value) {
  ByteReader in{value};
  IdempotencyOrderRow row;
  if (!in.read(row.created_ms) || in.empty()) return std::nullopt;
  row.key = in.rest();
  return row;
}

Result<std::unique_ptr<IdempotencyLog>> IdempotencyLog::open(const storage::Store& store, const Clock& clock,
                                                             IdempotencyLimits limits) {
  std::unique_ptr<IdempotencyLog> log{new IdempotencyLog{clock, limits}};
  std::string next;
  QUIPU_TRY(const bool found, store.get(sequence_key(sequences::idempotency), next));
  if (!found) return log;
  if (next.size() != sizeof(std::uint64_t))
    return fail(ErrorCode::damaged, "the sequence row of idempotency keys has {} bytes, not 8", next.size());
  log->next_ordinal_ = load_big_endian<std::uint64_t>(next);

  const std::string first = order_key(0);
  auto cursor = store.cursor(first, end_of_prefix(std::string_view{first}.substr(0, 1)));
  cursor.seek(first);
  QUIPU_CHECK(cursor.status());
  log->first_ordinal_ = log->next_ordinal_;
  if (cursor.valid()) {
    if (cursor.key().size() != first.size())
      return fail(ErrorCode::damaged, "the oldest idempotency row has a key of {} bytes", cursor.key().size());
    log->first_ordinal_ = load_big_endian<std::uint64_t>(cursor.key().substr(1));
  }
  const std::string rows = row_key({});
  log->bytes_ = store.approximate_bytes(rows, end_of_prefix(rows));
  return log;
}

bool IdempotencyLog::older(std::uint64_t created_ms, std::uint64_t now_ms, std::chrono::milliseconds age) {
  return now_ms >= created_ms && now_ms - created_ms >= static_cast<std::uint64_t>(age.count());
}

Result<std::optional<std::string_view>> IdempotencyLog::find(storage::WriteGroup& group, std::string_view key,
                                                             const RequestHash& hash,
                                                             std::chrono::milliseconds window) const {
  std::string_view value;
  QUIPU_TRY(const bool found, group.get(row_key(key), value));
  if (!found) return std::nullopt;
  const auto row = decode_idempotency_row(value);
  if (!row) return fail(ErrorCode::damaged, "the idempotency row of key {:?} is damaged", key);
  const auto now_ms = static_cast<std::uint64_t>(clock_.wall_ms());
  if (expired(row->created_ms, now_ms) || older(row->created_ms, now_ms, window)) return std::nullopt;
  if (row->request_hash != hash)
    return fail(ErrorCode::idempotency_mismatch,
                "this idempotency key was used for a different request; a new request needs a new key");
  return row->outcome;
}

Result<> IdempotencyLog::remember(storage::WriteGroup& group, std::string_view key, const RequestHash& hash,
                                  std::string_view outcome) {
  const auto now_ms = static_cast<std::uint64_t>(clock_.wall_ms());
  QUIPU_CHECK(evict(group, now_ms, key.size() + outcome.size()));
  bytes_ += key.size() + outcome.size();

  std::string value;
  value.push_back(static_cast<char>(row_version));
  append_big_endian(value, next_ordinal_);
  append_big_endian(value, now_ms);
  value.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  value += outcome;
#ifdef QUIPU_BUG_IDEMPOTENCY_SECOND_BATCH
  static std::string late_key, late_value;
  if (!late_key.empty()) group.put(late_key, late_value);
  late_key = row_key(key);
  late_value = value;
#else
  group.put(row_key(key), value);
#endif

  value.clear();
  append_big_endian(value, now_ms);
  value += key;
  group.put(order_key(next_ordinal_), value);

  ++next_ordinal_;
  value.clear();
  append_big_endian(value, next_ordinal_);
  group.put(sequence_key(sequences::idempotency), value);
  return {};
}

Result<> IdempotencyLog::evict(storage::WriteGroup& group, std::uint64_t now_ms, std::size_t new_bytes) {
  for (int i = 0; first_ordinal_ < next_ordinal_; ++i) {
    const bool lacks_room = bytes_ + new_bytes > limits_.bytes_max;
    if (i >= (lacks_room ? evictions_for_room_max : evictions_a_write)) break;
    const std::string order = order_key(first_ordinal_);
    std::string_view value;
    QUIPU_TRY(const bool found, group.get(order, value));
    if (found) {
      const auto entry = decode_idempotency_order_row(value);
      if (!entry) return fail(ErrorCode::damaged, "the idempotency order row {} is damaged", first_ordinal_);
      const bool has_gone = expired(entry->created_ms, now_ms) || expired(now_ms, entry->created_ms);  // far ahead
      if (!has_gone && !lacks_room && next_ordinal_ - first_ordinal_ < limits_.rows_max) return {};
      QUIPU_CHECK(erase_oldest(group, entry->key));
      group.erase(order);
    }
    ++first_ordinal_;
  }
  return {};
}

Result<> IdempotencyLog::erase_oldest(storage::WriteGroup& group, std::string_view key) {
  const std::string row = row_key(key);
  std::string_view value;
  QUIPU_TRY(const bool found, group.get(row, value));
  if (!found) return {};
  const auto decoded = decode_idempotency_row(value);
  // A key that was used again after it expired has a younger row, which stays.
  if (!decoded || decoded->ordinal != first_ordinal_) return {};
  bytes_ -= std::min<std::uint64_t>(bytes_, row.size() - 1 + decoded->outcome.size());
  group.erase(row);
  return {};
}

}  // namespace quipu::table
