// The statements that count in MySQL, and the tables that they need (docs/formats/store-tidb.md):
//
//   counters(counter_id VARBINARY(1024) PRIMARY KEY, counter_value BIGINT)
//   counter_requests(request_key, request_hash BINARY(32), outcome TINYINT, value BIGINT, created_at DATETIME)
//
// Names and markers stand in them as hexadecimal literals, so that there is nothing to escape.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "remote/remote_call.h"

namespace quipu::remote::mysql {

// Of counters.counter_id, which others may have made.
enum class IdType : std::uint8_t { missing, bytes, text, integer };

inline constexpr std::string_view find_id_type =
    "SELECT DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'counters' AND "
    "COLUMN_NAME = 'counter_id'";
IdType id_type_of(const std::vector<std::string>& row);

// A row where a key makes counter_id unique; without one, every increment would be the first of its counter.
inline constexpr std::string_view find_unique_key =
    "SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'counters' "
    "GROUP BY INDEX_NAME HAVING MAX(NON_UNIQUE) = 0 AND COUNT(*) = 1 AND MAX(COLUMN_NAME) = 'counter_id' AND "
    "MAX(SUB_PART) IS NULL";

// How many of the two tables know transactions.
inline constexpr std::string_view count_transactional =
    "SELECT COUNT(*) FROM information_schema.TABLES t JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE "
    "WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME IN ('counters', 'counter_requests') AND e.TRANSACTIONS = "
    "'YES'";

inline constexpr std::string_view make_counters =
    "CREATE TABLE IF NOT EXISTS counters (counter_id VARBINARY(1024) NOT NULL PRIMARY KEY, "
    "counter_value BIGINT NOT NULL) ENGINE=InnoDB";
inline constexpr std::string_view make_requests =
    "CREATE TABLE IF NOT EXISTS counter_requests (request_key BINARY(32) NOT NULL PRIMARY KEY, "
    "request_hash BINARY(32) NOT NULL, outcome TINYINT NOT NULL, value BIGINT NOT NULL, "
    "created_at DATETIME NOT NULL, KEY created_at (created_at)) ENGINE=InnoDB";

// A literal for the counter's name; an error where ids are integers and it is none.
Result<std::string> id_literal(std::string_view counter, IdType type);

// The one statement that does what the call asks for.
std::string statement_of(const RemoteCall& call, std::string_view id);

// The same statement of an ordinary increment, to be prepared once: the name and the numbers stand for the '?' in
// order.
struct PreparedIncrement {
  std::size_t slot = 0;  // one for each text
  std::string_view text;
  std::array<std::int64_t, 3> numbers{};
};
// Nothing for what is asked for seldom.
std::optional<PreparedIncrement> prepared_increment(const RemoteCall& call);

struct Decision {
  counter::CallOutcome outcome = counter::CallOutcome::done;
  std::int64_t value = 0;
};
// What the statement's affected rows and LAST_INSERT_ID say.
Decision decision_of(const RemoteCall& call, std::uint64_t affected, std::int64_t insert_id);

// --- markers

// Without its outcome yet, and with one that nobody takes for any: the first step of the transaction, which finds out
// whether it is a repetition.
std::string claim_marker(const RemoteCall& call);
std::string finish_marker(const RemoteCall& call, const Decision& decision);
std::string read_marker(const RemoteCall& call);  // hash in hex, outcome, value
// A few of those that are too old.
std::string forget_markers();

}  // namespace quipu::remote::mysql
