#include "remote/mysql_session.h"

#include <mysql.h>
#include <mysqld_error.h>
#include <poll.h>

#include <algorithm>

#include "base/assert.h"
#include "http/tls.h"

namespace quipu::remote::mysql {

namespace {

// libmariadb's own errors, about the connection; a server's are outside of it.
constexpr unsigned first_client_error = 2000;
constexpr unsigned last_client_error = 2999;
constexpr unsigned first_client_error_more = 5000;
constexpr unsigned last_client_error_more = 5999;

// Errors without a name in MariaDB's header.
constexpr unsigned tidb_write_conflict_on_lock = 8002;
constexpr unsigned tidb_commit_failed = 8022;
constexpr unsigned tidb_schema_changed = 8028;
constexpr unsigned tidb_write_conflict = 9007;
constexpr unsigned tidb_region_unavailable = 9005;
constexpr unsigned tidb_outcome_undetermined = 8501;
// Group Replication, of a transaction that others may have by then.
constexpr unsigned hook_before_commit_failed = 3100;
constexpr unsigned rolled_back_during_commit = 3101;

constexpr const char* system_certificates = "/etc/ssl/certs/ca-certificates.crt";

unsigned whole_seconds(std::chrono::milliseconds time) {
  return static_cast<unsigned>(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(time).count()));
}

bool is_client_error(unsigned code) {
  return (code >= first_client_error && code <= last_client_error) ||
         (code >= first_client_error_more && code <= last_client_error_more);
}

st_mysql* new_connection(const MysqlSettings& settings, const LinkLimits& limits) {
  st_mysql* connection = mysql_init(nullptr);
  QUIPU_ASSERT(connection != nullptr, "no memory for a connection");
  const unsigned connect_s = whole_seconds(limits.connect);
  const unsigned call_s = whole_seconds(limits.call);
  mysql_options(connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
  mysql_options(connection, MYSQL_OPT_READ_TIMEOUT, &call_s);
  mysql_options(connection, MYSQL_OPT_WRITE_TIMEOUT, &call_s);
  mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const unsigned off = 0;
  mysql_options(connection, MYSQL_OPT_LOCAL_INFILE, &off);
  const my_bool no = 0;
  mysql_options(connection, MYSQL_OPT_RECONNECT, &no);  // a statement would be sent again that may have been done
  if (settings.tls) {
    const my_bool yes = 1;
    mysql_ssl_set(connection, nullptr, nullptr, system_certificates, nullptr, nullptr);
    mysql_options(connection, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_options(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
  }
  return connection;
}

// A name in backquotes.
std::string in_backquotes(std::string_view name) {
  std::string out = "`";
  for (const char c : name) out.append(c == '`' ? 2 : 1, c);
  return out + "`";
}

}  // namespace

Trouble trouble_of(unsigned code) {
  switch (code) {
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_CHECKREAD:
    case ER_NEED_REPREPARE:
    case ER_UNKNOWN_STMT_HANDLER:
    case tidb_write_conflict_on_lock:
    case tidb_commit_failed:
    case tidb_schema_changed:
    case tidb_write_conflict: return Trouble::again;
    case ER_DUP_ENTRY: return Trouble::duplicate;
    case ER_DATA_OUT_OF_RANGE:
    case ER_WARN_DATA_OUT_OF_RANGE: return Trouble::out_of_range;
    case ER_NO_SUCH_TABLE: return Trouble::missing_table;
    case ER_UNKNOWN_ERROR:
    case ER_SERVER_SHUTDOWN:
    case ER_QUERY_INTERRUPTED:
    case ER_CONNECTION_KILLED:
    case ER_ERROR_DURING_COMMIT:
    case ER_ERROR_ON_WRITE:             // of the binary log, from which a restart commits what it finds
    case ER_BINLOG_LOGGING_IMPOSSIBLE:  // likewise
    case ER_STATEMENT_TIMEOUT:          // of a COMMIT, it may come after the deed
    case hook_before_commit_failed:
    case rolled_back_during_commit:
    case tidb_region_unavailable:
    case tidb_outcome_undetermined: return Trouble::unknown;
    default: return Trouble::refused;
  }
}

Error Outcome::error() const {
  const bool maybe = trouble == Trouble::unknown || trouble == Trouble::lost;
  return {maybe ? ErrorCode::outcome_unknown : ErrorCode::unavailable, message};
}

void Session::Close::operator()(st_mysql* connection) const {
  mysql_close(connection);
}

void Session::CloseStatement::operator()(st_mysql_stmt* statement) const {
  mysql_stmt_close(statement);
}

Result<Session> Session::open(const MysqlSettings& settings, const LinkLimits& limits) {
  http::ignore_broken_pipes_in_this_thread();
  Session session{new_connection(settings, limits)};
  st_mysql* connection = session.connection_.get();
  if (mysql_real_connect(connection, settings.host.c_str(), settings.user.c_str(), settings.password.c_str(), nullptr,
                         settings.port, nullptr, CLIENT_MULTI_STATEMENTS) == nullptr)
    return fail(ErrorCode::unavailable, "{}", mysql_error(connection));
  const Outcome cluster = session.run("SHOW VARIABLES LIKE 'wsrep_on'");  // a row on those that could be one
  if (!cluster.good()) return std::unexpected(cluster.error());
  session.is_galera_ = cluster.row.size() == 2 && cluster.row[1] == "ON";
  if (mysql_select_db(connection, settings.database.c_str()) == 0) return session;
  if (mysql_errno(connection) != ER_BAD_DB_ERROR) return fail(ErrorCode::unavailable, "{}", mysql_error(connection));
  const Outcome made = session.run("CREATE DATABASE IF NOT EXISTS " + in_backquotes(settings.database));
  if (!made.good()) return std::unexpected(made.error());
  if (mysql_select_db(connection, settings.database.c_str()) != 0)
    return fail(ErrorCode::unavailable, "{}", mysql_error(connection));
  return session;
}

std::string_view Session::server_version() const {
  return mysql_get_server_info(connection_.get());
}

bool Session::is_stale() const {
  pollfd socket{
      .fd = static_cast<int>(mysql_get_socket(connection_.get())), .events = POLLIN | POLLRDHUP, .revents = 0};
  return ::poll(&socket, 1, 0) != 0;
}

Outcome Session::trouble_now() const {
  const unsigned code = mysql_errno(connection_.get());
  const Trouble trouble = is_client_error(code) ? Trouble::lost : trouble_of(code);
  return {.trouble = trouble, .message = fmt::format("{} ({})", mysql_error(connection_.get()), code)};
}

Outcome Session::read_outcome() {
  st_mysql* connection = connection_.get();
  Outcome outcome;
  if (mysql_field_count(connection) == 0) {
    outcome.affected = mysql_affected_rows(connection);
    outcome.insert_id = static_cast<std::int64_t>(mysql_insert_id(connection));
    return outcome;
  }
  MYSQL_RES* result = mysql_store_result(connection);
  if (result == nullptr) return trouble_now();
  if (const MYSQL_ROW row = mysql_fetch_row(result)) {
    const unsigned long* sizes = mysql_fetch_lengths(result);
    for (unsigned i = 0; i < mysql_num_fields(result); ++i)
      outcome.row.emplace_back(row[i] == nullptr ? "" : row[i], row[i] == nullptr ? 0 : sizes[i]);
  }
  mysql_free_result(result);
  return outcome;
}

Outcome Session::run(std::string_view sql) {
  std::vector<Outcome> outcomes = run_as_one({std::string{sql}});
  return std::move(outcomes.front());
}

// A Galera node that undoes a transaction for another node's says so to the next command. Between two statements of one
// command it keeps silent: the second one is done all the same, by itself, and a COMMIT is answered as if it had been
// one.
std::vector<Outcome> Session::run_all(const std::vector<std::string>& statements) {
  if (!is_galera_) return run_as_one(statements);
  std::vector<Outcome> outcomes;
  for (const std::string& statement : statements) {
    outcomes.push_back(run(statement));
    if (!outcomes.back().good()) break;
  }
  return outcomes;
}

std::vector<Outcome> Session::run_as_one(const std::vector<std::string>& statements) {
  st_mysql* connection = connection_.get();
  std::string sql;
  for (const std::string& statement : statements) sql.append(sql.empty() ? "" : ";").append(statement);
  std::vector<Outcome> outcomes;
  if (mysql_send_query(connection, sql.data(), sql.size()) != 0) {
    outcomes.push_back({.trouble = Trouble::not_sent, .message = mysql_error(connection)});
    return outcomes;
  }
  bool failed = mysql_read_query_result(connection) != 0;
  while (outcomes.size() < statements.size()) {
    outcomes.push_back(failed ? trouble_now() : read_outcome());
    if (!outcomes.back().good() || !mysql_more_results(connection)) break;
    failed = mysql_next_result(connection) != 0;
  }
  if (outcomes.size() < statements.size() && outcomes.back().good())
    outcomes.push_back({.trouble = Trouble::lost, .message = "the server answers only some of the statements"});
  return outcomes;
}

Outcome Session::run_prepared(std::size_t slot, std::string_view statement, std::string_view name, bool name_is_text,
                              std::span<const std::int64_t> numbers) {
  QUIPU_ASSERT(slot < prepared_max && numbers.size() <= numbers_max, "slot {}, {} numbers", slot, numbers.size());
  Prepared& prepared = prepared_[slot];
  if (prepared == nullptr) {
    prepared.reset(mysql_stmt_init(connection_.get()));
    QUIPU_ASSERT(prepared != nullptr, "no memory for a statement");
    if (mysql_stmt_prepare(prepared.get(), statement.data(), statement.size()) != 0) {
      Outcome outcome = trouble_of_prepared(slot);
      if (outcome.trouble == Trouble::lost) outcome.trouble = Trouble::not_sent;  // it was not to be executed yet
      prepared.reset();                                                           // to be prepared the next time
      return outcome;
    }
  }
  std::array<MYSQL_BIND, 1 + numbers_max> binds{};
  unsigned long name_size = name.size();
  std::array<long long, numbers_max> values{};
  binds[0].buffer_type = name_is_text ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
  binds[0].buffer = const_cast<char*>(name.data());  // it is only read
  binds[0].length = &name_size;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    values[i] = numbers[i];
    binds[i + 1].buffer_type = MYSQL_TYPE_LONGLONG;
    binds[i + 1].buffer = &values[i];
  }
  if (mysql_stmt_bind_param(prepared.get(), binds.data()) != 0 || mysql_stmt_execute(prepared.get()) != 0)
    return trouble_of_prepared(slot);
  return {.affected = mysql_stmt_affected_rows(prepared.get()),
          .insert_id = static_cast<std::int64_t>(mysql_stmt_insert_id(prepared.get()))};
}

// The library does not say whether a statement was sent whole, so that one whose connection broke counts as lost.
Outcome Session::trouble_of_prepared(std::size_t slot) {
  const unsigned code = mysql_stmt_errno(prepared_[slot].get());
  Outcome outcome{.trouble = is_client_error(code) ? Trouble::lost : trouble_of(code),
                  .message = fmt::format("{} ({})", mysql_stmt_error(prepared_[slot].get()), code)};
  const bool is_void =
      outcome.trouble == Trouble::missing_table || code == ER_NEED_REPREPARE || code == ER_UNKNOWN_STMT_HANDLER;
  if (is_void) prepared_[slot].reset();
  return outcome;
}

}  // namespace quipu::remote::mysql
