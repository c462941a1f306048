// Counters of another store, as a CounterStore. Calls wait in a bounded queue, and a few threads with a link each take
// them from it; increments that many want of one counter go to the store as one (gathering.h). A store that is down is
// noticed once, not by every call: after that calls are refused at once, and one thread keeps trying to reach it.
//
// Threads: calls are started on any thread; links run on threads of this class.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "counter/counter_store.h"
#include "remote/gathering.h"
#include "remote/link.h"

namespace quipu::remote {

inline constexpr std::size_t queued_calls_max = 10'000;
// Calls that wait longer for a link are given up; they were not sent.
inline constexpr std::chrono::milliseconds queue_wait_max{2'000};
// So many links broken one after the other, with no call that worked between them, and the store counts as down.
inline constexpr unsigned broken_links_max = 3;
inline constexpr std::chrono::milliseconds reconnect_pause_min{50};
inline constexpr std::chrono::milliseconds reconnect_pause_max{2'000};
// A connection that was idle for longer may be gone without our knowing.
inline constexpr std::chrono::seconds trusted_idle{5};
// One that was closed meanwhile fails at once, and says nothing of the store. One that fails after this does.
inline constexpr std::chrono::milliseconds silence_min{500};

class RemoteCounters final : public counter::CounterStore {
 public:
  explicit RemoteCounters(std::unique_ptr<Remote> remote);
  ~RemoteCounters() override;  // nobody starts calls any more; those that are waiting are refused

  std::unique_ptr<counter::CounterCall> new_call() override;
  void flush() override;

  std::string_view name() const { return remote_->name(); }
  bool reachable() const;

 private:
  friend class RemoteCall;
  enum class State : std::uint8_t { starting, up, down };
  enum class Trouble : std::uint8_t { connecting, calling };
  using Lock = std::unique_lock<std::mutex>;

  Result<> enqueue(RemoteCall& call);
  void run(unsigned index);
  bool wait_for_work(Lock& lock, unsigned index, std::chrono::milliseconds pause);
  std::vector<JointCall> take(Lock& lock, std::vector<RemoteCall*>& late);
  bool reach(Link& link, bool was_connected);
  bool serve(Link& link, std::vector<JointCall>& joints);
  Result<> run_on(Link& link, std::span<RemoteCall* const> calls);
  void fail_unanswered(std::span<RemoteCall* const> calls, const Error& broken);
  bool goes_alone(const RemoteCall& call) const;
  bool may_go(RemoteCall& call);
  void ended(Lock& lock, const RemoteCall& first);
  std::vector<RemoteCall*> drop_all(Lock& lock);
  void refuse_late();
  void went_well();
  void went_wrong(const Error& error, Trouble trouble);
  void complete(const std::vector<JointCall>& joints);
  static void complete(RemoteCall& call);
  void refuse(std::vector<RemoteCall*> calls, const Error& error);

  const std::unique_ptr<Remote> remote_;
  std::atomic<bool> has_fresh_{false};  // something for flush() to do: most turns of a loop have nothing for this store
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Of its own: a link that pauses must not take a wake that is meant for one that works.
  std::condition_variable stopped_;
  // Under mutex_:
  std::deque<RemoteCall*> queue_;
  Gathering gathering_;
  // No thread was woken for them yet: those that a link takes alone, and those that it takes together with others.
  std::size_t fresh_alone_ = 0;
  std::size_t fresh_together_ = 0;
  State state_ = State::starting;
  unsigned connected_ = 0;  // links that are
  unsigned broken_in_row_ = 0;
  std::string why_down_;
  bool stopping_ = false;

  std::vector<std::jthread> threads_;
};

}  // namespace quipu::remote
