#include "gateway/watch_api.h"

#include <array>
#include <atomic>
#include <mutex>

#include "gateway/answer.h"
#include "gateway/counter_api.h"
#include "gateway/counter_requests.h"

namespace quipu::gateway {

// One open watch. Shared, because a read that waits for the disk may end after the peer is gone.
class Watch final : public table::Watcher,
                    public counter::CounterCall::Completion,
                    public std::enable_shared_from_this<Watch> {
 public:
  Watch(counter::ListedCounters& counters, http::Exchange& exchange, std::string_view name)
      : counters_{counters}, call_{counters.new_call()}, name_{name}, exchange_{&exchange} {
    counters_.watch(name_, *this);
  }

  // Every write of a busy counter comes here, for each of its watches: what is known already must cost next to nothing.
  void item_changed() noexcept override {
    if (changed_.load() || changed_.exchange(true)) return;
    wake();
  }

  void completed(counter::CounterCall&) noexcept override {
    const auto keep_until_done = std::move(self_);
    read_complete_.store(true);
    wake();
  }

  // On the loop: tells the peer the value if it may have changed and there is room.
  void advance() {
    if (reading_ && read_complete_.exchange(false)) {
      reading_ = false;
      tell();
    }
    if (failed_ || reading_ || exchange_->unsent_bytes() > watch_unsent_bytes_max || !changed_.exchange(false)) return;
    call_->begin(counter::CallKind::read);
    call_->add(name_);
    self_ = shared_from_this();
    if (call_->start(*this)) {
      self_.reset();
      tell();
    } else {
      reading_ = true;
    }
  }

  void tick() {
    advance();
    if (failed_ || exchange_ == nullptr) return;
    if (++quiet_ticks_ < heart_beat_interval.count()) return;
    quiet_ticks_ = 0;
    exchange_->send(": heart-beat\n\n");
  }

  // The value could not be read: the stream is to end. A peer that connects again gets the error as a status.
  bool failed() const { return failed_; }

  // Afterwards nobody wakes the exchange.
  void leave() noexcept {
    counters_.unwatch(name_, *this);
    const std::scoped_lock lock{exchange_mutex_};
    exchange_ = nullptr;
  }

 private:
  void wake() noexcept {
    const std::scoped_lock lock{exchange_mutex_};
    if (exchange_ != nullptr) exchange_->wake();
  }

  void tell() {
    if (call_->outcome() != counter::CallOutcome::done) {
      failed_ = true;
      return;
    }
    const std::int64_t value = call_->item(0).value;
    if (told_ == value) return;
    told_ = value;
    text_ = "data: ";
    append_counter_value(text_, name_, value);
    text_ += "\n\n";
    exchange_->send(text_);
    quiet_ticks_ = 0;
  }

  counter::ListedCounters& counters_;
  const std::unique_ptr<counter::CounterCall> call_;
  const std::string name_;
  std::atomic<bool> changed_{true};  // the value at the start is news too
  std::atomic<bool> read_complete_{false};
  std::shared_ptr<Watch> self_;  // while a read is under way

  std::mutex exchange_mutex_;
  http::Exchange* exchange_;  // changed by the loop only; other threads read it under exchange_mutex_

  // The loop's own.
  bool reading_ = false;
  bool failed_ = false;
  std::optional<std::int64_t> told_;
  int quiet_ticks_ = 0;
  std::string text_;
};

void WatchEndpoint::handle(Session& session) {
  http::Exchange& exchange = session.exchange;
  const auto store = read_store(exchange.request());
  if (!store) return respond_error(exchange, store.error());
  if (*store != local_.name)
    return respond_error(exchange,
                         {ErrorCode::invalid_argument,
                          fmt::format("counters of the store {} can be watched, and of no other", local_.name)});
  session.choose(local_);
  const auto named = read_one_counter(exchange.request(), counter::CallKind::read, session.name, *session.call);
  if (!named) return respond_error(exchange, named.error());
  if (*named == Named::no) return respond_counter_not_specified(exchange);
  const std::array<http::Header, 1> no_cache{{{"Cache-Control", "no-cache"}}};
  const bool is_head = exchange.request().method() == http::Method::head;
  exchange.begin_stream(200, "text/event-stream", no_cache);
  if (is_head) return exchange.end_stream();
  session.watch = std::make_shared<Watch>(counters_, exchange, session.name);
  resume(session);
}

namespace {

// The watch is kept by a pointer of our own: sending may find the peer gone, and then closed() lets go of it.
void run(WatchEndpoint& endpoint, Session& session, void (Watch::*step)()) {
  const std::shared_ptr<Watch> watch = session.watch;
  if (!watch) return;
  ((*watch).*step)();
  if (!watch->failed() || !session.watch) return;
  endpoint.closed(session);
  session.exchange.end_stream();
}

}  // namespace

void WatchEndpoint::resume(Session& session) {
  run(*this, session, &Watch::advance);
}

void WatchEndpoint::tick(Session& session) {
  run(*this, session, &Watch::tick);
}

void WatchEndpoint::closed(Session& session) noexcept {
  if (!session.watch) return;
  session.watch->leave();
  session.watch.reset();
}

}  // namespace quipu::gateway
