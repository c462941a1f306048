// What the torture run asks, and what it remembers about the answers. It knows no sockets: the load (load.h) carries
// its requests and tells it what came back, so it can be tested with answers made by hand.
//
// The counters:
//   hot        one counter that every connection increments
//   cold-*     many that are touched now and then; range-* the same, ten at a time
//   once-*     only incremented with an Idempotency-Key that is retried until there is an answer, so that every
//              increment counts exactly once, whatever was killed or dropped
//   twin-*-a, twin-*-b  only incremented together in arrays, so that they are equal in every state a crash may leave
//
// A cycle goes through three phases: `reads` asks every counter once, when nothing else is on its way, and holds it
// against what was acknowledged; `retries` settles every increment that is owed an answer and asks some settled ones
// again; `load` is everything at once, until the server is killed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "torture/connection.h"
#include "torture/counter_checker.h"
#include "torture/torture.h"

namespace quipu::torture {

class Workload {
 public:
  enum class Phase : std::uint8_t { reads, retries, load };

  // `report` gets the figures and the violations; it outlives the workload.
  Workload(std::uint64_t seed, std::size_t connections, TortureReport& report);

  void begin(Phase phase);
  // Writes the next request of this connection; false if it has nothing to ask in this phase. Requests that go through
  // the dropping proxy are always ones that may be retried.
  bool next(std::size_t connection, bool through_proxy, std::int64_t now_ns, std::string& request);
  void answered(std::size_t connection, const Answer& answer, std::int64_t now_ns);
  // No answer will come to what this connection asked, if it asked anything.
  void lost(std::size_t connection);
  // The server process is gone: what was lost so far took effect by now or never will, if nobody asks again.
  void server_ended(std::int64_t now_ns);
  // After the phase `reads`: compares what only all values together can show.
  void judge_reads();
  // The phase has nothing left to ask or to wait for (never in `load`).
  bool phase_finished() const { return phase_ != Phase::load && asked_now_ == 0 && !has_more(); }

  // The history since the last seal. Sealing is only allowed when `reads` has just finished and nothing is owed: then
  // every counter's value is known, and what comes later can be judged on its own.
  const std::vector<CounterRules>& rules() const { return rules_; }
  const std::vector<Operation>& history() const { return history_; }
  bool everything_settled() const { return to_retry_.empty() && asked_now_ == 0; }
  void seal();
  // At the end of a run: what is still owed an answer goes into the history as lost.
  void give_up_retries();

 private:
  struct CounterState {
    std::int64_t value_at_restart = 0;
    std::int64_t furthest = 0;  // acknowledged or read
    std::int64_t acked_since = 0;
    std::int64_t lost_since = 0;
  };
  // An increment with an idempotency key, from its first sending until well after its answer.
  struct OnceOperation {
    std::uint64_t key = 0;
    std::uint32_t counter = 0;
    std::int64_t first_invoke_ns = 0;
    unsigned on_the_way = 0;
    bool an_answer_was_lost = false;
    bool settled = false;
    std::string answer = {};  // the first one
  };
  struct Asked {
    enum class Kind : std::uint8_t { nothing, increment, read, once, twins };
    Kind kind = Kind::nothing;
    std::uint32_t counter = 0;
    std::size_t once = 0;  // index into once_operations_
    unsigned repeats = 0;  // of twins: how often each of the two stands in the array
    std::int64_t invoke_ns = 0;
  };

  bool has_more() const;
  void choose_load(bool through_proxy, Asked& asked);
  bool choose_retry(Asked& asked);
  void choose_new_once(Asked& asked);
  void write_request(const Asked& asked, std::string& request) const;

  void answered_increment(const Asked& asked, const Answer& answer, std::int64_t now_ns);
  void answered_read(const Asked& asked, const Answer& answer, std::int64_t now_ns);
  void answered_once(const Asked& asked, const Answer& answer, std::int64_t now_ns);
  void answered_twins(const Asked& asked, const Answer& answer, std::int64_t now_ns);
  void lost_asked(const Asked& asked);
  void ask_again(std::size_t once);
  void judge_after_restart(std::uint32_t counter, std::int64_t stored);
  void record_acked(std::uint32_t counter, std::int64_t invoke_ns, std::int64_t now_ns, std::int64_t value);
  void record_lost(std::uint32_t counter, std::int64_t invoke_ns, unsigned times);
  void settle(OnceOperation& once, const Answer& answer, std::int64_t now_ns, std::int64_t value);
  void forget_old_once();
  void violation(std::string what) { report_.add_violation(std::move(what)); }

  SeededRandom random_;
  TortureReport& report_;
  std::vector<CounterRules> rules_;
  std::vector<CounterState> states_;
  std::vector<Operation> history_;
  std::vector<Asked> asked_;  // by connection
  std::size_t asked_now_ = 0;

  Phase phase_ = Phase::reads;
  std::uint32_t next_read_ = 0;   // of phase reads
  std::size_t replays_left_ = 0;  // of phase retries

  std::deque<OnceOperation> once_operations_;  // indices count from once_forgotten_
  std::size_t once_forgotten_ = 0;
  std::deque<std::size_t> to_retry_;            // no index twice
  std::vector<std::size_t> lost_in_this_life_;  // indices into history_
  std::uint64_t next_key_ = 1;
};

}  // namespace quipu::torture
