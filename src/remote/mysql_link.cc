#include "remote/mysql_link.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "remote/joint_call.h"

namespace quipu::remote::mysql {

namespace {

using counter::CallKind;
using counter::CallOutcome;

// Strict, or a value that does not fit would be cut to the largest one; and where ids are numbers that the server can
// give, 0 is an id like others. A wait for a lock must end before our own time for the answer: then it is known that
// nothing was done.
constexpr std::string_view session_settings =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', "
    "innodb_lock_wait_timeout = 1, autocommit = 1";
// What only some servers know. Galera: a read sees what other nodes have acknowledged. TiDB: who is in the way is
// noticed by the statement and not by the commit.
constexpr auto settings_of_some =
    std::to_array<std::string_view>({"SET SESSION wsrep_sync_wait = 1", "SET SESSION tidb_txn_mode = 'pessimistic'"});
constexpr std::chrono::milliseconds marked_call_max{4'000};
// Another node's clients come every millisecond: who pauses for longer than they do is never first.
constexpr std::chrono::milliseconds galera_pause_max{8};
// Every so many calls with a marker, some old markers go.
constexpr unsigned forget_interval = 256;
// A connection that was used so shortly ago is not asked whether it is still there.
constexpr std::chrono::milliseconds always_fresh{10};

void answer_decision(RemoteCall& call, const Decision& decision) {
  if (decision.outcome == CallOutcome::done) return call.done(decision.value);
  call.refused(decision.outcome, decision.value);
}

Error given_up(const Outcome& trouble) {
  return {ErrorCode::conflict, fmt::format("others were in the way again and again: {}", trouble.message)};
}

}  // namespace

bool is_tidb(std::string_view server_version) {
  return server_version.contains("TiDB");
}

Result<bool> knows_transactions(Session& session) {
  const Outcome transactional = session.run(count_transactional);
  if (!transactional.good()) return std::unexpected(transactional.error());
  return !transactional.row.empty() && transactional.row.front() == "2";
}

Result<IdType> make_tables(Session& session, std::vector<std::string>* made) {
  const Outcome found = session.run(find_id_type);
  if (!found.good()) return std::unexpected(found.error());
  IdType type = id_type_of(found.row);
  if (type == IdType::missing) {
    const Outcome counters = session.run(make_counters);
    if (!counters.good()) return std::unexpected(counters.error());
    if (made != nullptr) made->emplace_back("table counters");
    type = IdType::bytes;
  } else {
    const Outcome unique = session.run(find_unique_key);
    if (!unique.good()) return std::unexpected(unique.error());
    if (unique.row.empty())
      return fail(ErrorCode::conflict,
                  "nothing makes counters.counter_id unique, so that every increment would be a first one: "
                  "ALTER TABLE counters ADD UNIQUE (counter_id)");
  }
  const Outcome there = session.run("SELECT 1 FROM counter_requests LIMIT 1");
  if (there.good()) return type;
  if (there.trouble != Trouble::missing_table) return std::unexpected(there.error());
  const Outcome requests = session.run(make_requests);
  if (!requests.good()) return std::unexpected(requests.error());
  if (made != nullptr) made->emplace_back("table counter_requests");
  return type;
}

Result<> MysqlLink::connect() {
  session_.reset();
  QUIPU_TRY(session_, Session::open(settings_, limits_));
  const Outcome set = session_->run(session_settings);
  if (!set.good()) return std::unexpected(set.error());
  for (const std::string_view setting : settings_of_some) {
    const Outcome taken = session_->run(setting);
    if (taken.broken()) return std::unexpected(taken.error());
  }
  QUIPU_TRY(id_type_, make_tables(*session_, nullptr));
  QUIPU_TRY(knows_transactions_, knows_transactions(*session_));
  // TiDB and Galera ask other machines for each statement or each commit: they are quicker with many connections than
  // with many statements on one.
  shares_commits_ = knows_transactions_ && !is_tidb(session_->server_version()) && !session_->is_galera();
  return {};
}

Result<> MysqlLink::ping() {
  const Outcome outcome = session_->run("SELECT 1");
  if (!outcome.good()) return std::unexpected(outcome.error());
  return {};
}

// A server that was started again has closed all connections; what is sent on one of them would count as lost.
Result<> MysqlLink::reach_if_stale() {
  const MonotonicTime now = std::chrono::steady_clock::now();
  const bool may_be_stale = now - std::exchange(used_, now) > always_fresh;
  return may_be_stale && session_->is_stale() ? connect() : Result<>{};
}

Result<> MysqlLink::run(std::span<RemoteCall* const> calls) {
  std::vector<Task> tasks;
  for (RemoteCall* call : calls) {
    auto id = id_literal(call->counter(), id_type_);
    if (id)
      tasks.push_back({.call = call, .id = *std::move(id)});
    else
      call->failed(std::move(id).error());
  }
  const auto others =
      std::ranges::stable_partition(tasks, [](const Task& task) { return is_bare_increment(*task.call); });
  const std::span increments{tasks.begin(), others.begin()};
  if (increments.size() > 1) {
    QUIPU_CHECK(reach_if_stale());
    QUIPU_CHECK(run_together(increments));
  }
  for (const Task& task : tasks) {
    if (task.call->answered()) continue;
    QUIPU_CHECK(reach_if_stale());
    const bool marked = !task.call->marker().empty() && task.call->kind() != CallKind::read;
    QUIPU_CHECK(marked ? run_marked(*task.call, task.id) : run_bare(*task.call, task.id));
  }
  return {};
}

// --- increments of several counters: one transaction, for the sake of one commit

// What it leaves unanswered was not done, and is to be asked for one by one: somebody was in the way, or one of them
// cannot be done.
Result<> MysqlLink::run_together(std::span<const Task> increments) {
  std::vector<const Task*> sorted;
  for (const Task& task : increments) sorted.push_back(&task);
  // All who do this take the rows' locks in one order.
  std::ranges::stable_sort(sorted, {}, &Task::id);
  std::vector<std::string> statements{"START TRANSACTION"};
  for (const Task* task : sorted) statements.push_back(statement_of(*task->call, task->id));
  statements.emplace_back("COMMIT");
  const std::vector<Outcome> outcomes = session_->run_all(statements);
  const Outcome& last = outcomes.back();
  if (last.good()) {
    for (std::size_t i = 0; i < sorted.size(); ++i) answer(*sorted[i]->call, outcomes[i + 1]);
    return {};
  }
  const bool committing = outcomes.size() == statements.size();
  if (last.trouble == Trouble::lost || (committing && last.trouble != Trouble::again)) {
    const Error error{ErrorCode::outcome_unknown, last.message};
    for (const Task* task : sorted) task->call->failed(error);
  }
  if (last.broken()) return std::unexpected(last.error());
  const Outcome undone = session_->run("ROLLBACK");
  if (!undone.good()) return std::unexpected(undone.error());  // the server undoes what was never committed
  return {};
}

Patience MysqlLink::patience_for(std::chrono::milliseconds total) const {
  return session_->is_galera() ? Patience{total, galera_pause_max} : Patience{total};
}

// --- without a marker: one statement, sent again only where the server says that nothing was applied

Result<> MysqlLink::run_bare(RemoteCall& call, std::string_view id) {
  const auto prepared = prepared_increment(call);
  const std::string statement = prepared ? "" : statement_of(call, id);
  Patience patience = patience_for(bare_patience);
  for (;;) {
    // An integer column takes the digits of a text, too.
    const Outcome outcome = prepared ? session_->run_prepared(prepared->slot, prepared->text, call.counter(),
                                                              id_type_ != IdType::bytes, prepared->numbers)
                                     : session_->run(statement);
    switch (outcome.trouble) {
      case Trouble::none: answer(call, outcome); return {};
      case Trouble::again:
        if (patience.wait()) continue;
        call.failed(given_up(outcome));
        return {};
      case Trouble::missing_table: {
        const auto made = make_tables(*session_, nullptr);
        if (made && patience.wait()) continue;
        call.failed({ErrorCode::unavailable, made ? outcome.message : made.error().message});
        if (!made) return std::unexpected(made.error());
        return {};
      }
      case Trouble::out_of_range: answer_out_of_range(call, id); return {};
      case Trouble::duplicate:
      case Trouble::refused:
      case Trouble::unknown: call.failed(outcome.error()); return {};
      case Trouble::not_sent:
      case Trouble::lost: call.failed(outcome.error()); return std::unexpected(outcome.error());
    }
  }
}

void MysqlLink::answer(RemoteCall& call, const Outcome& outcome) {
  if (call.kind() != CallKind::read)
    return answer_decision(call, decision_of(call, outcome.affected, outcome.insert_id));
  const std::string text = outcome.row.empty() || outcome.row.front().empty() ? "0" : outcome.row.front();
  if (const auto value = parse_int64(text)) return call.done(*value);
  call.refused(CallOutcome::not_a_counter, 0);
}

// The column is narrower than 64 bits, which is a limit too.
void MysqlLink::answer_out_of_range(RemoteCall& call, std::string_view id) {
  if (call.kind() != CallKind::increment)
    return call.failed({ErrorCode::invalid_argument, "the column counter_value cannot hold this value"});
  const Outcome now = session_->run(fmt::format("SELECT counter_value FROM counters WHERE counter_id = {}", id));
  if (!now.good()) return call.failed({ErrorCode::unavailable, now.message});
  call.limit_reached(now.row.empty() ? 0 : parse_int64(now.row.front()).value_or(0));
}

// --- with a marker: a transaction of the marker's row and the effect

Result<> MysqlLink::run_marked(RemoteCall& call, std::string_view id) {
  if (!knows_transactions_) {
    call.failed({ErrorCode::invalid_argument,
                 "an Idempotency-Key needs transactions, which the tables counters or counter_requests do not know: "
                 "ALTER TABLE ... ENGINE=InnoDB"});
    return {};
  }
  if (++marked_calls_ % forget_interval == 0) forget_some();
  Patience patience = patience_for(marked_call_max);
  bool maybe_done = false;  // a commit whose answer was lost
  Outcome trouble;
  std::optional<Error> broken;
  do {
    if (broken) {
      // The marker tells what became of it, so that it is safe to ask again.
      if (const auto reached = connect(); !reached) continue;
      broken.reset();
    }
    const Marked came = try_marked(call, id, maybe_done, trouble);
    if (came == Marked::answered) return {};
    if (came == Marked::broken) broken = trouble.error();
  } while (patience.wait());
  if (maybe_done)
    call.failed({ErrorCode::outcome_unknown, trouble.message});
  else if (broken)
    call.failed({ErrorCode::unavailable, trouble.message});
  else
    call.failed(given_up(trouble));
  if (broken) return std::unexpected(*std::move(broken));
  return {};
}

MysqlLink::Marked MysqlLink::try_marked(RemoteCall& call, std::string_view id, bool& maybe_done, Outcome& trouble) {
  const std::vector<Outcome> steps =
      session_->run_all({"START TRANSACTION", claim_marker(call), statement_of(call, id)});
  trouble = steps.back();
  if (trouble.broken()) return Marked::broken;  // the server rolls back what was never committed
  if (!trouble.good()) {
    // What is not rolled back for certain must not be committed by the next START TRANSACTION.
    if (!session_->run("ROLLBACK").good()) return Marked::broken;
    if (trouble.trouble == Trouble::duplicate) return answer_repetition(call, trouble);
    if (trouble.trouble == Trouble::missing_table) {
      const auto made = make_tables(*session_, nullptr);
      if (made) return Marked::again;
      trouble.message = made.error().message;
    }
    return after_trouble(call, id, maybe_done, trouble);
  }
  const Decision decision = decision_of(call, trouble.affected, trouble.insert_id);
  const std::vector<Outcome> end = session_->run_all({finish_marker(call, decision), "COMMIT"});
  trouble = end.back();
  if (trouble.good()) {
    answer_decision(call, decision);
    return Marked::answered;
  }
  const bool doubtful = trouble.trouble != Trouble::again && trouble.trouble != Trouble::duplicate &&
                        (end.size() == 2 || trouble.trouble == Trouble::lost);
  if (doubtful) maybe_done = true;
  if (trouble.broken()) return Marked::broken;
  if (!session_->run("ROLLBACK").good()) return Marked::broken;
  if (trouble.trouble == Trouble::duplicate) return answer_repetition(call, trouble);  // TiDB may see it only now
  if (doubtful || trouble.trouble == Trouble::unknown) return Marked::again;           // the marker tells
  return after_trouble(call, id, maybe_done, trouble);
}

// A transaction that was rolled back.
MysqlLink::Marked MysqlLink::after_trouble(RemoteCall& call, std::string_view id, bool maybe_done, Outcome& trouble) {
  if (trouble.trouble == Trouble::again) return Marked::again;
  if (maybe_done) {
    call.failed({ErrorCode::outcome_unknown, trouble.message});
  } else if (trouble.trouble == Trouble::out_of_range) {
    answer_out_of_range(call, id);
  } else {
    call.failed({ErrorCode::unavailable, trouble.message});
  }
  return Marked::answered;
}

MysqlLink::Marked MysqlLink::answer_repetition(RemoteCall& call, Outcome& trouble) {
  trouble = session_->run(read_marker(call));
  if (trouble.broken()) return Marked::broken;
  if (!trouble.good() || trouble.row.size() != 3) return Marked::again;  // it may just have become too old
  if (trouble.row[0] == call.request_hash())
    answer_from_marker(call, fmt::format("{}:{}", trouble.row[1], trouble.row[2]));
  else
    call.mismatched();
  return Marked::answered;
}

void MysqlLink::forget_some() {
  // Whatever becomes of it, the next one does it again; a broken connection is noticed by the call.
  static_cast<void>(session_->run(forget_markers()));
}

}  // namespace quipu::remote::mysql
