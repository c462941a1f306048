#include "compare/load.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <semaphore>

namespace quipu::compare {

namespace {

using counter::CallKind;
using counter::CallOutcome;
using counter::CounterCall;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds progress_interval{200};
// A store that is down refuses at once. Asked again without a pause, it would be asked a million times a second, by one
// client, while nobody looks at the others' answers.
constexpr std::chrono::milliseconds pause_after_refusal{1};

std::int64_t nanoseconds(steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

class Loop final : private CounterCall::Completion {
 public:
  Loop(counter::CounterStore& store, const LoadOptions& options) : store_{store}, options_{options} {
    for (unsigned i = 0; i < options.clients; ++i) clients_.push_back({.call = store.new_call()});
    result_.limits_reached_of.resize(options.counters.size());
  }

  LoadResult run() {
    begin_ = steady_clock::now();
    end_ = begin_ + options_.duration;
    for (Client& client : clients_) ask(client);
    store_.flush();
    auto told = begin_;
    while (under_way_ > 0 || !resting_.empty()) {
      for (CounterCall* call : wait()) {
        Client& client = *std::ranges::find_if(clients_, [&](const Client& each) { return each.call.get() == call; });
        note(client);
        ask(client);
      }
      ask_rested();
      store_.flush();
      const auto now = steady_clock::now();
      if (options_.progress && now - told > progress_interval) {
        told = now;
        options_.progress(result_.done, std::chrono::duration<double>(now - begin_).count());
      }
    }
    result_.seconds = std::chrono::duration<double>(steady_clock::now() - begin_).count();
    std::ranges::sort(result_.latencies_us);
    return std::move(result_);
  }

 private:
  struct Client {
    std::unique_ptr<CounterCall> call;
    std::uint32_t counter = 0;
    steady_clock::time_point asked{};
    steady_clock::time_point rests_until{};
  };

  void completed(CounterCall& call) noexcept override {
    const std::scoped_lock lock{mutex_};
    answered_.push_back(&call);
    if (answered_.size() == 1) changed_.notify_one();
  }

  // For an answer, or until a client has rested.
  std::vector<CounterCall*> wait() {
    std::unique_lock lock{mutex_};
    const auto is_answered = [&] { return !answered_.empty(); };
    if (resting_.empty())
      changed_.wait(lock, is_answered);
    else
      changed_.wait_until(lock, resting_.front()->rests_until, is_answered);
    return std::exchange(answered_, {});
  }

  void ask_rested() {
    const auto now = steady_clock::now();
    while (!resting_.empty() && resting_.front()->rests_until <= now) {
      Client& client = *resting_.front();
      resting_.pop_front();
      ask(client);
    }
  }

  // Unless the time is over. A call that is complete at once is followed by the next one, after a rest if it failed.
  void ask(Client& client) {
    for (;;) {
      client.asked = steady_clock::now();
      if (client.asked >= end_ || (options_.calls_max && asked_ >= *options_.calls_max)) return;
      client.counter = static_cast<std::uint32_t>(asked_++ % options_.counters.size());
      client.call->begin(CallKind::increment);
      client.call->add(options_.counters[client.counter]).max = options_.max;
      ++under_way_;
      if (!client.call->start(*this)) return;
      note(client);
      if (client.call->outcome() == CallOutcome::failed) {
        client.rests_until = steady_clock::now() + pause_after_refusal;
        resting_.push_back(&client);
        return;
      }
    }
  }

  void note(const Client& client) {
    --under_way_;
    const auto now = steady_clock::now();
    const CounterCall& call = *client.call;
    switch (call.outcome()) {
      case CallOutcome::done:
        ++result_.done;
        result_.latencies_us.push_back(static_cast<std::uint32_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(now - client.asked).count()));
        result_.operations.push_back({.invoke_ns = nanoseconds(client.asked),
                                      .return_ns = nanoseconds(now),
                                      .value = call.item(0).value,
                                      .counter = client.counter});
        break;
      case CallOutcome::max_reached:
        ++result_.limits_reached;
        ++result_.limits_reached_of[client.counter];
        break;
      default: note_failure(client);
    }
  }

  void note_failure(const Client& client) {
    const CounterCall& call = *client.call;
    std::string why = "the counter holds something else";
    if (call.outcome() == CallOutcome::failed) {
      why = call.error().message;
      if (call.error().code == ErrorCode::outcome_unknown) {
        ++result_.unknown;
        result_.operations.push_back({.invoke_ns = nanoseconds(client.asked),
                                      .counter = client.counter,
                                      .outcome = torture::Outcome::indeterminate});
      } else if (call.error().code == ErrorCode::conflict) {
        ++result_.conflicts;
      } else {
        ++result_.failed;
      }
    } else {
      ++result_.failed;
    }
    if (result_.first_error.empty()) result_.first_error = why;
  }

  counter::CounterStore& store_;
  const LoadOptions& options_;
  std::vector<Client> clients_;
  steady_clock::time_point begin_{};
  steady_clock::time_point end_{};
  std::uint64_t asked_ = 0;
  unsigned under_way_ = 0;
  std::deque<Client*> resting_;  // whose rest ends first stands first
  LoadResult result_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<CounterCall*> answered_;  // under mutex_
};

class Once final : private CounterCall::Completion {
 public:
  Answer run(counter::CounterStore& store, CounterCall& call) {
    if (!call.start(*this)) {
      store.flush();
      done_.acquire();
    }
    Answer answer{.outcome = call.outcome(), .value = call.item(0).value, .error = {}};
    if (answer.outcome == CallOutcome::failed) answer.error = call.error();
    return answer;
  }

 private:
  void completed(CounterCall&) noexcept override { done_.release(); }
  std::binary_semaphore done_{0};
};

Answer ask_once(counter::CounterStore& store, CallKind kind, std::string_view counter,
                std::optional<std::int64_t> max = {}, std::string_view key = {}) {
  const auto call = store.new_call();
  call->begin(kind);
  call->add(counter).max = max;
  if (!key.empty()) call->make_idempotent(key);
  return Once{}.run(store, *call);
}

}  // namespace

std::uint32_t LoadResult::latency_us(double share) const {
  if (latencies_us.empty()) return 0;
  const auto index = static_cast<std::size_t>(share * static_cast<double>(latencies_us.size()));
  return latencies_us[std::min(index, latencies_us.size() - 1)];
}

LoadResult run_load(counter::CounterStore& store, const LoadOptions& options) {
  return Loop{store, options}.run();
}

Answer increment(counter::CounterStore& store, std::string_view counter, std::optional<std::int64_t> max,
                 std::string_view idempotency_key) {
  return ask_once(store, CallKind::increment, counter, max, idempotency_key);
}

Answer read(counter::CounterStore& store, std::string_view counter) {
  return ask_once(store, CallKind::read, counter);
}

Answer erase(counter::CounterStore& store, std::string_view counter) {
  return ask_once(store, CallKind::erase, counter);
}

}  // namespace quipu::compare
