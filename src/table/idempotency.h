// The memory that makes a retry harmless: what a caller's key was used for and what came of it, in the same batch as
// the effect.
//
//   row key    idempotency(5), key
//   row value  version(1), ordinal (u64), created (u64, ms since 1970), request hash (16 bytes), outcome (the rest)
//   row key    idempotency_order(6), ordinal (u64)
//   row value  created (u64), key
//
// Ordinals are given in order without gaps, so the oldest row is found without a search and the number of rows is a
// subtraction. Rows older than the retention, or past the bounds on their number and bytes, leave as new ones come.
// docs/formats/idempotency.md is the permanent description.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "storage/committer.h"
#include "storage/store.h"

namespace quipu::table {

inline constexpr std::size_t idempotency_key_bytes_max = 1024;

using RequestHash = std::array<std::uint8_t, 16>;

RequestHash hash_request(std::string_view canonical_request);

struct IdempotencyRow {
  std::uint64_t ordinal = 0;
  std::uint64_t created_ms = 0;
  RequestHash request_hash{};
  std::string_view outcome;  // into the decoded bytes
};

std::optional<IdempotencyRow> decode_idempotency_row(std::string_view value);

struct IdempotencyOrderRow {
  std::uint64_t created_ms = 0;
  std::string_view key;
};

std::optional<IdempotencyOrderRow> decode_idempotency_order_row(std::string_view value);

struct IdempotencyLimits {
  std::chrono::milliseconds retention = std::chrono::hours{24};
  std::uint64_t rows_max = 10'000'000;
  std::uint64_t bytes_max = 4_GiB;  // about: an outcome may be a whole item, and there may be thousands a second
};

// Used on the committer thread only, but for `open`.
class IdempotencyLog {
 public:
  static Result<std::unique_ptr<IdempotencyLog>> open(const storage::Store& store, const Clock& clock,
                                                      IdempotencyLimits limits);

  // The outcome remembered for `key`, or nothing; an error if `key` was used for another request. What is older than
  // `window` does not count. The view holds until the group changes.
  Result<std::optional<std::string_view>> find(
      storage::WriteGroup& group, std::string_view key, const RequestHash& hash,
      std::chrono::milliseconds window = std::chrono::milliseconds::max()) const;

  Result<> remember(storage::WriteGroup& group, std::string_view key, const RequestHash& hash,
                    std::string_view outcome);

 private:
  IdempotencyLog(const Clock& clock, IdempotencyLimits limits) : clock_{clock}, limits_{limits} {}

  bool expired(std::uint64_t created_ms, std::uint64_t now_ms) const {
    return older(created_ms, now_ms, limits_.retention);
  }
  static bool older(std::uint64_t created_ms, std::uint64_t now_ms, std::chrono::milliseconds age);
  // Until there is room for so much more, as far as one write may go.
  Result<> evict(storage::WriteGroup& group, std::uint64_t now_ms, std::size_t new_bytes);
  Result<> erase_oldest(storage::WriteGroup& group, std::string_view key);

  const Clock& clock_;
  const IdempotencyLimits limits_;
  std::uint64_t first_ordinal_ = 0;
  std::uint64_t next_ordinal_ = 0;
  std::uint64_t bytes_ = 0;  // about
};

}  // namespace quipu::table
