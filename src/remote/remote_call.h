// One call on a counter that another store keeps: what a link (link.h) is given to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/sha256.h"
#include "counter/counter_call.h"

namespace quipu::remote {

class RemoteCounters;

class RemoteCall final : public counter::CounterCall {
 public:
  explicit RemoteCall(RemoteCounters& store) : store_{store} {}

  bool start(Completion& completion) override;

  // --- asked; always one counter
  std::string_view counter() const { return name(0); }
  const Item& asked() const { return items_[0]; }

  // Of an increment: it is refused unless the value before it is at most (counting up) or at least (counting down)
  // this. Always there, because 64 bits are a limit too.
  struct Limit {
    bool up = true;
    std::int64_t bound = 0;
    bool given = false;          // by the caller, and not only by the 64 bits
    bool allows_nothing = true;  // a counter that is not there (it counts as 0) may be incremented
  };
  const Limit& limit() const { return limit_; }

  // Of a call that may be repeated (an idempotency key was given): 64 characters of hex for the caller's key, to be
  // kept with the effect for `marker_lifetime`. Empty: none.
  const std::string& marker() const { return marker_; }
  // 64 characters of hex: what was asked. A marker that was kept with another one answers mismatched().
  const std::string& request_hash() const { return request_hash_; }

  // --- answering; exactly one of them, by the thread that has the call
  void done(std::int64_t value);
  // Nothing changed; `value_now` is what the store holds.
  void refused(counter::CallOutcome outcome, std::int64_t value_now);
  // The limit's own outcome.
  void limit_reached(std::int64_t value_now);
  void mismatched();
  // `outcome_unknown` unless the store has certainly not done it. Then `unavailable`; `conflict` where others were in
  // the way; `invalid_argument` where the store cannot take this; `damaged` where it holds what cannot be understood.
  void failed(Error error);
  bool answered() const { return answered_; }

 private:
  friend class RemoteCounters;
  friend class JointCall;
  Result<> prepare();

  RemoteCounters& store_;
  Completion* completion_ = nullptr;
  MonotonicTime queued_;
  bool gathered_ = false;  // its counter's others wait for its end
  Limit limit_;
  std::string marker_;
  std::string request_hash_;
  bool answered_ = false;
};

inline constexpr std::chrono::hours marker_lifetime{24};

// What a marker keeps, in a form for stores of text: "0:7" is done with 7, "1:10" max_reached at 10.
std::string marker_outcome(const RemoteCall& call);
// Answers the call with it; `failed` if it is not of that form.
void answer_from_marker(RemoteCall& call, std::string_view outcome);

}  // namespace quipu::remote
