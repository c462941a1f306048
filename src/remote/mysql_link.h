// A connection to MySQL, MariaDB or TiDB that counts.
#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <vector>

#include "remote/link.h"
#include "remote/mysql_session.h"
#include "remote/mysql_statements.h"
#include "remote/patience.h"

namespace quipu::remote::mysql {

class MysqlLink final : public Link {
 public:
  // `shares_commits` is told, whenever a link connects, whether increments of several counters may go together.
  MysqlLink(const MysqlSettings& settings, std::atomic<bool>& shares_commits, LinkLimits limits = {})
      : settings_{settings}, shares_commits_{shares_commits}, limits_{limits} {}

  Result<> connect() override;
  Result<> ping() override;
  Result<> run(std::span<RemoteCall* const> calls) override;

 private:
  enum class Marked : std::uint8_t { answered, again, broken };

  struct Task {
    RemoteCall* call;
    std::string id;  // as a literal
  };

  Result<> reach_if_stale();
  Result<> run_together(std::span<const Task> increments);
  Patience patience_for(std::chrono::milliseconds total) const;
  Result<> run_bare(RemoteCall& call, std::string_view id);
  void answer(RemoteCall& call, const Outcome& outcome);
  void answer_out_of_range(RemoteCall& call, std::string_view id);
  Result<> run_marked(RemoteCall& call, std::string_view id);
  Marked try_marked(RemoteCall& call, std::string_view id, bool& maybe_done, Outcome& trouble);
  Marked answer_repetition(RemoteCall& call, Outcome& trouble);
  Marked after_trouble(RemoteCall& call, std::string_view id, bool maybe_done, Outcome& trouble);
  void forget_some();

  const MysqlSettings& settings_;  // of the Remote that made us
  std::atomic<bool>& shares_commits_;
  const LinkLimits limits_;
  std::optional<Session> session_;
  IdType id_type_ = IdType::bytes;
  bool knows_transactions_ = false;
  MonotonicTime used_{};
  unsigned marked_calls_ = 0;
};

bool is_tidb(std::string_view server_version);

// Both tables do, so that what is not committed is undone.
Result<bool> knows_transactions(Session& session);

// Makes the tables that are missing; what they are goes to `made`, if it is not null.
Result<IdType> make_tables(Session& session, std::vector<std::string>* made);

}  // namespace quipu::remote::mysql
