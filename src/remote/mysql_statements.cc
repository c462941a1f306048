#include "remote/mysql_statements.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/text.h"

namespace quipu::remote::mysql {

namespace {

using counter::CallKind;
using counter::CallOutcome;

constexpr int forgotten_together = 500;
constexpr int no_outcome_yet = 127;
// Tables that others made may hold NULL, which counts as nothing counted yet.
constexpr std::string_view value_now = "COALESCE(counter_value, 0)";

// LAST_INSERT_ID(x) carries x into the answer; it makes it unsigned, which the column does not take of a negative one.
std::string assignment(std::string_view condition, std::string_view value) {
  return fmt::format("counter_value = CAST(LAST_INSERT_ID(IF({}, {}, counter_value)) AS SIGNED)", condition, value);
}

std::string insert_or(std::string_view id, std::int64_t value, std::string_view update) {
  return fmt::format("INSERT INTO counters (counter_id, counter_value) VALUES ({}, {}) ON DUPLICATE KEY UPDATE {}", id,
                     value, update);
}

std::string update_only(std::string_view id, std::string_view update) {
  return fmt::format("UPDATE counters SET {} WHERE counter_id = {}", update, id);
}

// Whether the statement makes a counter that is not there. It counts as 0.
bool may_insert(const RemoteCall& call) {
  if (call.kind() == CallKind::increment) return call.limit().allows_nothing;
  return call.asked().expected.value_or(0) == 0;
}

std::string increment_statement(const RemoteCall& call, std::string_view id) {
  const RemoteCall::Limit& limit = call.limit();
  const std::int64_t by = call.asked().by;
  const std::string update = assignment(fmt::format("{} {} {}", value_now, limit.up ? "<=" : ">=", limit.bound),
                                        fmt::format("{} + ({})", value_now, by));
  return may_insert(call) ? insert_or(id, by, update) : update_only(id, update);
}

std::string set_statement(const RemoteCall& call, std::string_view id) {
  const std::int64_t value = call.asked().value;
  const auto expected = call.asked().expected;
  if (!expected) return insert_or(id, value, fmt::format("counter_value = {}", value));
  const std::string update = assignment(fmt::format("{} = {}", value_now, *expected), fmt::format("{}", value));
  return may_insert(call) ? insert_or(id, value, update) : update_only(id, update);
}

}  // namespace

IdType id_type_of(const std::vector<std::string>& row) {
  if (row.empty()) return IdType::missing;
  std::string type = row.front();
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (type.ends_with("int")) return IdType::integer;
  return type.ends_with("binary") || type.ends_with("blob") ? IdType::bytes : IdType::text;
}

Result<std::string> id_literal(std::string_view counter, IdType type) {
  switch (type) {
    case IdType::integer:
      if (const auto number = parse_int64(counter)) return fmt::format("{}", *number);
      return fail(ErrorCode::invalid_argument, "this database's counters have whole numbers as ids, and {:?} is none",
                  counter);
    case IdType::text: return fmt::format("_utf8mb4 x'{}'", to_hex(counter));
    case IdType::bytes:
    case IdType::missing: break;
  }
  return fmt::format("x'{}'", to_hex(counter));
}

std::string statement_of(const RemoteCall& call, std::string_view id) {
  switch (call.kind()) {
    case CallKind::increment: return increment_statement(call, id);
    case CallKind::set: return set_statement(call, id);
    case CallKind::erase: return fmt::format("DELETE FROM counters WHERE counter_id = {}", id);
    case CallKind::read: break;
  }
  return fmt::format("SELECT counter_value FROM counters WHERE counter_id = {}", id);
}

std::optional<PreparedIncrement> prepared_increment(const RemoteCall& call) {
  constexpr std::string_view up =
      "INSERT INTO counters (counter_id, counter_value) VALUES (?, ?) ON DUPLICATE KEY UPDATE counter_value = "
      "CAST(LAST_INSERT_ID(IF(COALESCE(counter_value, 0) <= ?, COALESCE(counter_value, 0) + ?, "
      "counter_value)) AS SIGNED)";
  constexpr std::string_view down =
      "INSERT INTO counters (counter_id, counter_value) VALUES (?, ?) ON DUPLICATE KEY UPDATE counter_value = "
      "CAST(LAST_INSERT_ID(IF(COALESCE(counter_value, 0) >= ?, COALESCE(counter_value, 0) + ?, "
      "counter_value)) AS SIGNED)";
  if (call.kind() != CallKind::increment || !may_insert(call)) return std::nullopt;
  const std::int64_t by = call.asked().by;
  const RemoteCall::Limit& limit = call.limit();
  return PreparedIncrement{.slot = limit.up ? 0U : 1U, .text = limit.up ? up : down, .numbers = {by, limit.bound, by}};
}

Decision decision_of(const RemoteCall& call, std::uint64_t affected, std::int64_t insert_id) {
  // 1: inserted, or updated where nothing could be inserted. 2: updated. 0: the row is as it was, or is not there.
  const bool inserted = affected == 1 && may_insert(call);
  switch (call.kind()) {
    case CallKind::increment:
      if (inserted) return {CallOutcome::done, call.asked().by};
      if (affected > 0) return {CallOutcome::done, insert_id};
      return {call.limit().up ? CallOutcome::max_reached : CallOutcome::min_reached, insert_id};
    case CallKind::set: {
      const std::int64_t value = call.asked().value;
      const auto expected = call.asked().expected;
      // The value that was expected may be the one to set; then the row was as it should be.
      const bool set = !expected || affected > 0 || (insert_id == *expected && value == *expected);
      if (set) return {CallOutcome::done, value};
      return {CallOutcome::value_differs, insert_id};
    }
    case CallKind::erase:
    case CallKind::read: break;
  }
  return {};
}

std::string claim_marker(const RemoteCall& call) {
  return fmt::format(
      "INSERT INTO counter_requests (request_key, request_hash, outcome, value, created_at) VALUES (x'{}', x'{}', {}, "
      "0, UTC_TIMESTAMP())",
      call.marker(), call.request_hash(), no_outcome_yet);
}

std::string finish_marker(const RemoteCall& call, const Decision& decision) {
  return fmt::format("UPDATE counter_requests SET outcome = {}, value = {} WHERE request_key = x'{}'",
                     static_cast<int>(decision.outcome), decision.value, call.marker());
}

std::string read_marker(const RemoteCall& call) {
  return fmt::format("SELECT LOWER(HEX(request_hash)), outcome, value FROM counter_requests WHERE request_key = x'{}'",
                     call.marker());
}

std::string forget_markers() {
  return fmt::format("DELETE FROM counter_requests WHERE created_at < UTC_TIMESTAMP() - INTERVAL {} HOUR LIMIT {}",
                     marker_lifetime.count(), forgotten_together);
}

}  // namespace quipu::remote::mysql
