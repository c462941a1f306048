// A connection to MySQL, MariaDB or TiDB that counts.
#pragma once

#include <optional>
#include <span>

#include "remote/link.h"
#include "remote/mysql_session.h"
#include "remote/mysql_statements.h"
#include "remote/patience.h"

namespace quipu::remote::mysql {

class MysqlLink final : public Link {
 public:
  explicit MysqlLink(const MysqlSettings& settings, LinkLimits limits = {}) : settings_{settings}, limits_{limits} {}

  Result<> connect() override;
  Result<> ping() override;
  Result<> run(std::span<RemoteCall* const> calls) override;

 private:
  enum class Marked : std::uint8_t { answered, again, broken };

  Result<> run_bare(RemoteCall& call, std::string_view id);
  void answer(RemoteCall& call, const Outcome& outcome);
  void answer_out_of_range(RemoteCall& call, std::string_view id);
  Result<> run_marked(RemoteCall& call, std::string_view id);
  Marked try_marked(RemoteCall& call, std::string_view id, bool& maybe_done, Outcome& trouble);
  Marked answer_repetition(RemoteCall& call, Outcome& trouble);
  Marked after_trouble(RemoteCall& call, bool maybe_done, Outcome& trouble);
  void forget_some();

  const MysqlSettings& settings_;  // of the Remote that made us
  const LinkLimits limits_;
  std::optional<Session> session_;
  IdType id_type_ = IdType::bytes;
  MonotonicTime used_{};
  unsigned marked_calls_ = 0;
};

// Makes the tables that are missing; what they are goes to `made`, if it is not null.
Result<IdType> make_tables(Session& session, std::vector<std::string>* made);

}  // namespace quipu::remote::mysql
