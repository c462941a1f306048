#include "remote/mysql.h"

#include <mysql.h>

#include "remote/joint_call.h"
#include "remote/mysql_link.h"

namespace quipu::remote {

namespace {

using mysql::IdType;
using mysql::MysqlLink;
using mysql::Outcome;
using mysql::Session;

constexpr unsigned links_max = 64;
constexpr std::size_t calls_of_a_commit_max = 16;
constexpr std::chrono::milliseconds prepare_call_max{10'000};

class Mysql final : public Remote {
 public:
  explicit Mysql(MysqlSettings settings) : settings_{std::move(settings)} {}

  std::string_view name() const override { return "tidb"; }
  std::string address() const override {
    return fmt::format("{}:{} database {}", settings_.host, settings_.port, settings_.database);
  }
  unsigned links() const override { return links_max; }
  std::size_t calls_together_max() const override { return shares_commits_ ? calls_of_a_commit_max : 1; }
  bool goes_together(const RemoteCall& call) const override { return is_bare_increment(call); }
  std::unique_ptr<Link> make_link() const override { return std::make_unique<MysqlLink>(settings_, shares_commits_); }
  Result<StoreReport> prepare() const override;

 private:
  const MysqlSettings settings_;
  mutable std::atomic<bool> shares_commits_{false};
};

std::string variable(Session& session, std::string_view name) {
  const Outcome outcome = session.run(fmt::format("SELECT @@GLOBAL.{}", name));
  return outcome.row.empty() ? "" : outcome.row.front();
}

std::string server_name(std::string_view version) {
  if (mysql::is_tidb(version)) return fmt::format("TiDB {}", version);
  return fmt::format("{} {}", version.contains("MariaDB") ? "MariaDB" : "MySQL", version);
}

std::string tidb_durability(Session& session) {
  const Outcome store = session.run("SELECT @@tidb_config LIKE '%\"store\": \"tikv\"%'");
  if (store.good() && !store.row.empty() && store.row.front() == "1")
    return "an acknowledged increment is on the disks of most of its TiKV replicas, and survives the loss of one of "
           "them";
  return "this TiDB runs without TiKV, which is for tests: expect nothing";
}

std::string innodb_durability(Session& session, StoreReport& report) {
  const std::string flush = variable(session, "innodb_flush_log_at_trx_commit");
  const std::string binlog = variable(session, "log_bin") == "1" ? variable(session, "sync_binlog") : "1";
  const std::string settings = fmt::format("innodb_flush_log_at_trx_commit={}{}", flush,
                                           binlog == "1" ? "" : fmt::format(", sync_binlog={}", binlog));
  std::string text;
  if ((flush == "1" || flush == "3") && binlog == "1") {
    text = fmt::format("an acknowledged increment survives a power cut ({})", settings);
  } else if (flush == "0") {
    text = fmt::format("a crash of the server loses what was acknowledged in the last second ({})", settings);
  } else {
    text = fmt::format(
        "an acknowledged increment survives a crash of the server, a power cut may lose the last ones ({})", settings);
  }
  if (flush != "1" && flush != "3") report.warnings.push_back("set innodb_flush_log_at_trx_commit=1");
  if (binlog != "1") report.warnings.push_back("set sync_binlog=1: recovery takes back what is not in the binary log");
  if (!session.is_galera()) return text;
  return fmt::format(
      "every node of the Galera cluster has an acknowledged increment before its answer; on this node, {}", text);
}

void look_at_tables(Session& session, IdType type, StoreReport& report) {
  const auto transactional = mysql::knows_transactions(session);
  if (transactional && !*transactional)
    report.warnings.emplace_back(
        "the tables counters and counter_requests are not both kept by an engine with transactions, so that no "
        "Idempotency-Key is taken: ALTER TABLE ... ENGINE=InnoDB");
  const Outcome value = session.run(
      "SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'counters' "
      "AND "
      "COLUMN_NAME = 'counter_value'");
  if (!value.row.empty() && (!value.row.front().starts_with("bigint") || value.row.front().contains("unsigned")))
    report.warnings.push_back(
        fmt::format("counter_value is {}: counters end where it does, not at 64 bits with a sign", value.row.front()));
  if (type == IdType::integer)
    report.warnings.push_back("counter_id is a whole number: counters with other names are refused");
  if (type == IdType::text)
    report.warnings.push_back("counter_id is text: names that its collation takes for equal are one counter");
}

Result<StoreReport> Mysql::prepare() const {
  StoreReport report;
  QUIPU_TRY(Session session, Session::open(settings_, {.call = prepare_call_max}));
  const Outcome version = session.run("SELECT VERSION()");
  if (!version.good()) return std::unexpected(version.error());
  report.server = server_name(version.row.empty() ? "" : version.row.front());
  QUIPU_TRY(const IdType type, mysql::make_tables(session, &report.made));
  report.durability = report.server.starts_with("TiDB") ? tidb_durability(session) : innodb_durability(session, report);
  look_at_tables(session, type, report);
  return report;
}

}  // namespace

Result<std::unique_ptr<Remote>> make_mysql(const MysqlSettings& settings) {
  const auto demand = [](std::string_view value, std::string_view what) -> Result<> {
    if (!value.empty()) return {};
    return fail(ErrorCode::invalid_argument, "the store tidb needs the {} of its server (tidb_info.json)", what);
  };
  QUIPU_CHECK(demand(settings.host, "`host`"));
  QUIPU_CHECK(demand(settings.user, "`user`"));
  QUIPU_CHECK(demand(settings.database, "`db`"));
  // Not safe for several threads the first time, so not left to the first connection.
  if (mysql_library_init(0, nullptr, nullptr) != 0)
    return fail(ErrorCode::environment, "MySQL's client library does not start");
  return std::make_unique<Mysql>(settings);
}

}  // namespace quipu::remote
