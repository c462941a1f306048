#include "remote/remote_counters.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"

namespace quipu::remote {

namespace {

using std::chrono::steady_clock;

// The link that looks whether a store that is down is back.
constexpr unsigned scout = 0;

Error too_slow(std::string_view store) {
  return {ErrorCode::unavailable, fmt::format("the store {} is too slow: the call waited for {} ms and was not sent",
                                              store, queue_wait_max.count())};
}

Error not_reachable(std::string_view store, std::string_view why) {
  return {ErrorCode::unavailable, fmt::format("the store {} cannot be reached: {}", store, why)};
}

}  // namespace

RemoteCounters::RemoteCounters(std::unique_ptr<Remote> remote) : remote_{std::move(remote)} {
  for (unsigned i = 0; i < remote_->links(); ++i) threads_.emplace_back([this, i] { run(i); });
}

RemoteCounters::~RemoteCounters() {
  std::vector<RemoteCall*> left;
  {
    Lock lock{mutex_};
    stopping_ = true;
    left = drop_all(lock);
  }
  changed_.notify_all();
  stopped_.notify_all();
  refuse(std::move(left), {ErrorCode::unavailable, "the server is stopping"});
}

std::unique_ptr<counter::CounterCall> RemoteCounters::new_call() {
  return std::make_unique<RemoteCall>(*this);
}

bool RemoteCounters::reachable() const {
  const Lock lock{mutex_};
  return state_ == State::up;
}

Result<> RemoteCounters::enqueue(RemoteCall& call) {
  const Lock lock{mutex_};
  if (stopping_) return fail(ErrorCode::unavailable, "the server is stopping");
  if (state_ == State::down) return std::unexpected(not_reachable(name(), why_down_));
  const std::size_t waiting = queue_.size() + gathering_.waiting();
  if (waiting >= queued_calls_max)
    return fail(ErrorCode::unavailable, "{} calls are waiting for the store {}", waiting, name());
  call.queued_ = steady_clock::now();
  if (!may_go(call)) return {};
  queue_.push_back(&call);
  ++(goes_alone(call) ? fresh_alone_ : fresh_together_);
  has_fresh_.store(true, std::memory_order_relaxed);
  return {};
}

bool RemoteCounters::goes_alone(const RemoteCall& call) const {
  return remote_->calls_together_max() == 1 || !remote_->goes_together(call);
}

bool RemoteCounters::may_go(RemoteCall& call) {
  call.gathered_ = true;
  if (is_bare_increment(call)) return gathering_.may_go(call, steps_of_a_counter_max);
  // Half of the links are left to others.
  if (call.kind() != counter::CallKind::read && goes_alone(call))
    return gathering_.may_go(call, std::max(1U, remote_->links() / 2));
  call.gathered_ = false;
  return true;
}

void RemoteCounters::flush() {
  if (!has_fresh_.exchange(false, std::memory_order_relaxed)) return;
  std::size_t threads = 0;
  {
    const Lock lock{mutex_};
    const std::size_t together = remote_->calls_together_max();
    threads = std::exchange(fresh_alone_, 0) + (std::exchange(fresh_together_, 0) + together - 1) / together;
    threads = std::min(threads, queue_.size());  // some may have been taken already
  }
  if (threads >= threads_.size()) return changed_.notify_all();
  for (std::size_t i = 0; i < threads; ++i) changed_.notify_one();
}

// --- on the links' threads

void RemoteCounters::run(unsigned index) {
  const std::unique_ptr<Link> link = remote_->make_link();
  bool connected = false;
  MonotonicTime used{};
  std::chrono::milliseconds pause{0};
  for (Lock lock{mutex_}; wait_for_work(lock, index, pause);) {
    const bool doubtful = state_ != State::up || steady_clock::now() - used > trusted_idle;
    lock.unlock();
    // Before it takes calls: a link that cannot connect leaves them to the others.
    if (!connected || doubtful) connected = reach(*link, connected);
    pause = connected ? std::chrono::milliseconds{0} : std::clamp(pause * 2, reconnect_pause_min, reconnect_pause_max);
    lock.lock();
    if (!connected) {
      changed_.notify_one();  // somebody else may do what this one was woken for
      continue;
    }
    used = steady_clock::now();
    std::vector<RemoteCall*> late;
    std::vector<JointCall> joints = take(lock, late);
    lock.unlock();
    if (!late.empty()) refuse(late, too_slow(name()));
    if (!joints.empty()) connected = serve(*link, joints);
    used = steady_clock::now();
    lock.lock();
  }
}

// False: the end. The scout is also let through without work while the store is not known to be up.
bool RemoteCounters::wait_for_work(Lock& lock, unsigned index, std::chrono::milliseconds pause) {
  if (pause.count() > 0) stopped_.wait_for(lock, pause, [&] { return stopping_; });
  changed_.wait(lock, [&] {
    return stopping_ || (index == scout && state_ != State::up) || (!queue_.empty() && state_ != State::down);
  });
  return !stopping_;
}

bool RemoteCounters::reach(Link& link, bool was_connected) {
  if (was_connected) {
    const MonotonicTime asked = steady_clock::now();
    const auto answered = link.ping();
    if (answered) {
      went_well();
      return true;
    }
    {
      const Lock lock{mutex_};
      --connected_;
    }
    if (steady_clock::now() - asked >= silence_min) {
      went_wrong(answered.error(), Trouble::calling);
      refuse_late();
    }
  }
  if (const auto reached = link.connect(); !reached) {
    went_wrong(reached.error(), Trouble::connecting);
    refuse_late();
    return false;
  }
  {
    const Lock lock{mutex_};
    ++connected_;
  }
  went_well();
  return true;
}

// Those that have waited for too long are `late`, and are not sent.
std::vector<JointCall> RemoteCounters::take(Lock& lock, std::vector<RemoteCall*>& late) {
  const MonotonicTime oldest = steady_clock::now() - queue_wait_max;
  std::vector<JointCall> joints;
  while (!queue_.empty() && joints.size() < remote_->calls_together_max()) {
    RemoteCall& first = *queue_.front();
    queue_.pop_front();
    if (first.queued_ < oldest) {
      ended(lock, first);
      late.push_back(&first);
      continue;
    }
    joints.emplace_back(*this, first);
    if (first.gathered_) gathering_.gather(joints.back());
    if (goes_alone(first) || (!queue_.empty() && goes_alone(*queue_.front()))) break;
  }
  return joints;
}

// Of a call that was in the queue, or with a link.
void RemoteCounters::ended(Lock&, const RemoteCall& first) {
  if (!first.gathered_) return;
  if (RemoteCall* next = gathering_.ended(first.counter())) queue_.push_back(next);
}

// False: the link is broken.
bool RemoteCounters::serve(Link& link, std::vector<JointCall>& joints) {
  std::vector<RemoteCall*> calls;
  for (JointCall& joint : joints) calls.push_back(&joint.call());
  auto ran = run_on(link, calls);
  std::vector<RemoteCall*> again;
  for (JointCall& joint : joints) {
    const auto refused = joint.answer();
    again.insert(again.end(), refused.begin(), refused.end());
  }
  if (!again.empty()) {
    if (ran)
      ran = run_on(link, again);
    else
      fail_unanswered(again, ran.error());
  }
  complete(joints);
  if (ran) {
    went_well();
    return true;
  }
  {
    const Lock lock{mutex_};
    --connected_;
  }
  changed_.notify_one();  // this thread cannot go on with those who waited for its calls
  went_wrong(ran.error(), Trouble::calling);
  return false;
}

Result<> RemoteCounters::run_on(Link& link, std::span<RemoteCall* const> calls) {
  auto ran = link.run(calls);
  if (!ran) fail_unanswered(calls, ran.error());
  return ran;
}

// Of these, nothing was sent.
void RemoteCounters::fail_unanswered(std::span<RemoteCall* const> calls, const Error& broken) {
  for (RemoteCall* call : calls)
    if (!call->answered()) call->failed(not_reachable(name(), broken.message));
}

// Both write the log under the lock: it has things in their order, and nobody is refused before it says why.
void RemoteCounters::went_well() {
  const Lock lock{mutex_};
  broken_in_row_ = 0;
  if (std::exchange(state_, State::up) == State::up) return;
  log_info("store_reached", {{"store", name()}, {"address", remote_->address()}});
  changed_.notify_all();
}

void RemoteCounters::went_wrong(const Error& error, Trouble trouble) {
  std::vector<RemoteCall*> left;
  {
    Lock lock{mutex_};
    // While others are connected, one that cannot connect says nothing of the store.
    const bool is_down = trouble == Trouble::connecting ? connected_ == 0 : ++broken_in_row_ >= broken_links_max;
    if (!is_down) return;
    why_down_ = error.message;
    left = drop_all(lock);
    if (std::exchange(state_, State::down) != State::down) {
      log_warning("store_not_reachable",
                  {{"store", name()}, {"address", remote_->address()}, {"because", error.message}});
      changed_.notify_all();
    }
  }
  refuse(std::move(left), not_reachable(name(), error.message));
}

// All that no link has yet.
std::vector<RemoteCall*> RemoteCounters::drop_all(Lock& lock) {
  std::vector<RemoteCall*> dropped = gathering_.release_all();
  while (!queue_.empty()) {
    dropped.push_back(queue_.front());
    queue_.pop_front();
    ended(lock, *dropped.back());
  }
  return dropped;
}

// Of those that no link has yet. The links do it when they take calls, which one that cannot connect never does.
void RemoteCounters::refuse_late() {
  std::vector<RemoteCall*> late;
  {
    Lock lock{mutex_};
    const MonotonicTime oldest = steady_clock::now() - queue_wait_max;
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      if (queue_[i]->queued_ >= oldest) continue;
      late.push_back(std::exchange(queue_[i], nullptr));
      ended(lock, *late.back());  // who waited for it is in the queue now
    }
    std::erase(queue_, nullptr);
  }
  refuse(std::move(late), too_slow(name()));
}

void RemoteCounters::complete(const std::vector<JointCall>& joints) {
  {
    // Before its call is complete, because it is its owner's then.
    Lock lock{mutex_};
    for (const JointCall& joint : joints) ended(lock, *joint.parts().front());
  }
  for (const JointCall& joint : joints)
    for (RemoteCall* part : joint.parts()) complete(*part);
}

void RemoteCounters::complete(RemoteCall& call) {
  QUIPU_ASSERT(call.answered(), "a link forgot a call on {:?}", call.counter());
  call.completion_->completed(call);
}

void RemoteCounters::refuse(std::vector<RemoteCall*> calls, const Error& error) {
  for (RemoteCall* call : calls) {
    call->failed(error);
    complete(*call);
  }
}

}  // namespace quipu::remote
