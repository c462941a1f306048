#include "remote/remote_counters.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"

namespace quipu::remote {

namespace {

using std::chrono::steady_clock;

// The link that looks whether a store that is down is back.
constexpr unsigned scout = 0;

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
    const Lock lock{mutex_};
    stopping_ = true;
    left.assign(queue_.begin(), queue_.end());
    queue_.clear();
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
  if (queue_.size() >= queued_calls_max)
    return fail(ErrorCode::unavailable, "{} calls are waiting for the store {}", queue_.size(), name());
  call.queued_ = steady_clock::now();
  queue_.push_back(&call);
  ++not_passed_on_;
  has_fresh_.store(true, std::memory_order_relaxed);
  return {};
}

void RemoteCounters::flush() {
  if (!has_fresh_.exchange(false, std::memory_order_relaxed)) return;
  std::size_t fresh = 0;
  {
    const Lock lock{mutex_};
    fresh = std::exchange(not_passed_on_, 0);
  }
  if (fresh == 0) return;
  const std::size_t threads = (fresh + remote_->calls_together_max() - 1) / remote_->calls_together_max();
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
    std::vector<RemoteCall*> calls = take(lock);
    if (calls.empty()) continue;
    lock.unlock();
    connected = serve(*link, std::move(calls));
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
    if (link.ping()) {
      went_well();
      return true;
    }
    const Lock lock{mutex_};
    --connected_;
  }
  if (const auto reached = link.connect(); !reached) {
    went_wrong(reached.error(), Trouble::connecting);
    return false;
  }
  {
    const Lock lock{mutex_};
    ++connected_;
  }
  went_well();
  return true;
}

std::vector<RemoteCall*> RemoteCounters::take(Lock&) {
  const std::size_t count = std::min(queue_.size(), remote_->calls_together_max());
  std::vector<RemoteCall*> calls{queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count)};
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  not_passed_on_ = std::min(not_passed_on_, queue_.size());
  return calls;
}

// False: the link is broken.
bool RemoteCounters::serve(Link& link, std::vector<RemoteCall*> calls) {
  const MonotonicTime oldest = steady_clock::now() - queue_wait_max;
  const auto late = std::ranges::partition(calls, [&](const RemoteCall* call) { return call->queued_ >= oldest; });
  std::vector<RemoteCall*> given_up{late.begin(), late.end()};
  calls.erase(late.begin(), late.end());
  refuse(std::move(given_up),
         {ErrorCode::unavailable, fmt::format("the store {} is too slow: the call waited for {} ms "
                                              "and was not sent",
                                              name(), queue_wait_max.count())});
  if (calls.empty()) return true;
  const auto ran = link.run(calls);
  for (RemoteCall* call : calls) complete(*call);
  if (ran) {
    went_well();
    return true;
  }
  {
    const Lock lock{mutex_};
    --connected_;
  }
  went_wrong(ran.error(), Trouble::calling);
  return false;
}

void RemoteCounters::went_well() {
  bool news = false;
  {
    const Lock lock{mutex_};
    broken_in_row_ = 0;
    news = state_ != State::up;
    state_ = State::up;
  }
  if (!news) return;
  changed_.notify_all();
  log_info("store_reached", {{"store", name()}, {"address", remote_->address()}});
}

void RemoteCounters::went_wrong(const Error& error, Trouble trouble) {
  std::vector<RemoteCall*> left;
  bool news = false;
  {
    const Lock lock{mutex_};
    // While others are connected, one that cannot connect says nothing of the store.
    const bool is_down = trouble == Trouble::connecting ? connected_ == 0 : ++broken_in_row_ >= broken_links_max;
    if (!is_down) return;
    news = state_ != State::down;
    state_ = State::down;
    why_down_ = error.message;
    left.assign(queue_.begin(), queue_.end());
    queue_.clear();
    not_passed_on_ = 0;
  }
  if (news) {
    changed_.notify_all();
    log_warning("store_not_reachable",
                {{"store", name()}, {"address", remote_->address()}, {"because", error.message}});
  }
  refuse(std::move(left), not_reachable(name(), error.message));
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
