// A connection to a server that speaks MySQL's protocol, and what its answers mean for somebody who counts: which of
// its errors say that nothing was applied. Used by one thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "remote/link.h"
#include "remote/mysql.h"

struct st_mysql;
struct st_mysql_stmt;

namespace quipu::remote::mysql {

enum class Trouble : std::uint8_t {
  none,
  again,          // nothing was applied, and nothing of the transaction is: it may go through the next time
  duplicate,      // the key is there already; nothing was applied
  out_of_range,   // the value does not fit into the column; nothing was applied
  missing_table,  // nothing was applied
  refused,        // nothing was applied
  unknown,        // the server is not sure whether it was
  not_sent,       // the connection broke before the server had it whole
  lost,           // the connection broke after that: it may have been applied
};

struct Outcome {
  Trouble trouble = Trouble::none;
  std::string message;  // of a trouble
  std::uint64_t affected = 0;
  std::int64_t insert_id = 0;    // what LAST_INSERT_ID(...) was given
  std::vector<std::string> row;  // the first one, if there is one; NULL is empty

  bool good() const { return trouble == Trouble::none; }
  bool broken() const { return trouble == Trouble::not_sent || trouble == Trouble::lost; }
  // For a statement that changes nothing, or whose trouble says what became of it.
  Error error() const;
};

inline constexpr std::size_t prepared_max = 2;
inline constexpr std::size_t numbers_max = 3;  // of a prepared statement's parameters

class Session {
 public:
  // With the database as the default one; made if it is missing and that is allowed.
  static Result<Session> open(const MysqlSettings& settings, const LinkLimits& limits);

  std::string_view server_version() const;
  // A node of a cluster that all may write to; its transactions may lose against another node's.
  bool is_galera() const { return is_galera_; }
  // The server has closed it, or has said something that nobody asked for.
  bool is_stale() const;

  Outcome run(std::string_view sql);
  // A statement that is prepared the first time: its parameters are one name and then numbers. `statement` must be one
  // and the same text for a `slot`.
  Outcome run_prepared(std::size_t slot, std::string_view statement, std::string_view name, bool name_is_text,
                       std::span<const std::int64_t> numbers);
  // In this order; those after the first trouble are not done, and have no outcome. They are sent as one where a server
  // can be trusted with that.
  std::vector<Outcome> run_all(const std::vector<std::string>& statements);

 private:
  struct Close {
    void operator()(st_mysql* connection) const;
  };
  struct CloseStatement {
    void operator()(st_mysql_stmt* statement) const;
  };
  using Prepared = std::unique_ptr<st_mysql_stmt, CloseStatement>;

  explicit Session(st_mysql* connection) : connection_{connection} {}
  std::vector<Outcome> run_as_one(const std::vector<std::string>& statements);
  Outcome read_outcome();
  Outcome trouble_now() const;
  Outcome trouble_of_prepared(std::size_t slot);

  std::unique_ptr<st_mysql, Close> connection_;
  std::array<Prepared, prepared_max> prepared_;  // closed before the connection
  bool is_galera_ = false;
};

// What a server's own error code says was applied.
Trouble trouble_of(unsigned code);

}  // namespace quipu::remote::mysql
