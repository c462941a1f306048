#include "gateway/meter.h"

namespace quipu::gateway {

namespace {

constexpr std::int64_t nanoseconds_a_second = 1'000'000'000;

std::int64_t nanoseconds(MonotonicTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

std::int64_t seconds_rounded_up(std::int64_t amount, std::int64_t a_second) {
  return std::max<std::int64_t>(1, (amount + a_second - 1) / a_second);
}

}  // namespace

// One that is under way; it lives until it is done, and so does its meter.
class Meter::Take final : public QuotaTake {
 public:
  Take(std::shared_ptr<Meter> meter, Period of_period, const Window& of_window, std::int64_t wanted_or_back)
      : QuotaTake{meter->usage_, meter->key_id_, of_period, of_window, wanted_or_back}, meter_{std::move(meter)} {}

 private:
  std::optional<Quota> quota() const override {
    const LivePlan* plan = meter_->plan();
    return plan == nullptr ? std::nullopt : plan->quota();
  }
  void done(std::int64_t granted, const Error* error) noexcept override {
    const std::unique_ptr<Take> ends_here{this};
    meter_->taken(*this, granted, error);
  }

  const std::shared_ptr<Meter> meter_;
};

Admission Meter::admit(QuotaWait& wait) {
  using enum Admission::Verdict;
  wait.end();
  const bool goes_on = std::exchange(wait.has_waited_, false);
  LivePlan* const plan = plan_.load(std::memory_order_acquire);
  if (plan == nullptr) return {};
  // Whoever has waited for the quota has passed here already.
  if (const RateLimit rate = plan->rate(); rate.interval_ns != 0 && !goes_on) {
    const std::int64_t wait_ns = bucket_.take(rate, nanoseconds(usage_.clock().now()));
    if (wait_ns > 0) {
      plan->over_rate.add();
      return {.verdict = over_rate, .retry_after_s = seconds_rounded_up(wait_ns, nanoseconds_a_second)};
    }
  }
  const auto quota = plan->quota();
  if (!quota) return {};
  wait.has_waited_ = goes_on;
  const Admission admission = take_of_quota(*quota, wait);
  if (admission.verdict != later) wait.has_waited_ = false;
  if (admission.verdict == over_quota) plan->over_quota.add();
  return admission;
}

bool Meter::take_at_hand(std::int64_t& left) {
  left = left_.load(std::memory_order_acquire);
  while (left > 0)
    if (left_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel)) return true;
  return false;
}

Admission Meter::take_of_quota(const Quota& quota, QuotaWait& wait) {
  const std::int64_t now_ms = usage_.clock().wall_ms();
  std::int64_t left = 0;
  if (now_ms >= ends_ms_.load(std::memory_order_acquire) || !take_at_hand(left))
    return wait_for_quota(quota, wait, now_ms);
  if (const std::int64_t block = quota_block(quota.limit); block > 1 && left - 1 == block / 2) fetch_ahead(quota);
  return {};
}

// A large quota's next block is nearly always there before the last one is used up. Where it is not, and with a small
// quota always, a request waits for one group commit, and all that wait share the take.
Admission Meter::wait_for_quota(const Quota& quota, QuotaWait& wait, std::int64_t now_ms) {
  using enum Admission::Verdict;
  Lock lock{mutex_};
  enter_window(quota.period, now_ms);
  std::int64_t left = 0;
  if (take_at_hand(left)) return {};
  if (used_up_) return {.verdict = over_quota, .retry_after_s = seconds_rounded_up(window_.ends_ms - now_ms, 1000)};
  if (wait.has_waited_ && wait.failures_ != failures_) return {.verdict = busy, .retry_after_s = 1};
  wait.meter_ = shared_from_this();
  wait.has_waited_ = true;
  wait.failures_ = failures_;
  waiting_.push_back(&wait);
  if (!under_way_ && !changing_)
    start_take(lock, std::max(quota_block(quota.limit), static_cast<std::int64_t>(waiting_.size())));
  return {.verdict = later};
}

void QuotaWait::end() {
  if (meter_ == nullptr) return;
  {
    const std::scoped_lock lock{meter_->mutex_};
    std::erase(meter_->waiting_, this);
  }
  meter_.reset();
}

void Meter::wake_waiters() noexcept {
  for (const QuotaWait* wait : waiting_) wait->wake_();
  waiting_.clear();
}

void Meter::enter_window(Period period, std::int64_t now_ms) {
  const Window window = window_of(period, now_ms);
  // A clock that was put back does not open a period again, unless it was wrong by more than a period.
  const bool was_far_ahead = window_.starts_ms > window.ends_ms;
  if (period == period_ && window.starts_ms <= window_.starts_ms && !was_far_ahead) return;
  left_.store(0, std::memory_order_release);
  period_ = period;
  window_ = window;
  used_up_ = false;
  ends_ms_.store(window.ends_ms, std::memory_order_release);
}

void Meter::fetch_ahead(const Quota& quota) {
  Lock lock{mutex_};
  // No window: the limits changed since the request took its unit. A block without one would belong to no period.
  const bool in_window = window_.ends_ms != 0 && period_ == quota.period;
  if (!under_way_ && !changing_ && !used_up_ && in_window) start_take(lock, quota_block(quota.limit));
}

// Lets the lock go while it queues the take, which may be done at once where the store refuses it.
void Meter::start_take(Lock& lock, std::int64_t wanted) {
  under_way_ = true;
  auto* const take = new Take{shared_from_this(), period_, window_, wanted};
  lock.unlock();
  take->submit();
  lock.lock();
}

void Meter::taken(const Take& take, std::int64_t granted, const Error* error) noexcept {
  const std::scoped_lock lock{mutex_};
  under_way_ = false;
  if (error != nullptr) ++failures_;
  const bool is_current = take.period == period_ && take.window.starts_ms == window_.starts_ms;
  if (error == nullptr && is_current && take.wanted > 0) {
    left_.fetch_add(granted, std::memory_order_acq_rel);
    // Less than was asked for is the rest; nothing is the end.
    if (granted == 0) used_up_ = true;
  }
  changed_.notify_all();
  wake_waiters();
}

void Meter::set_plan(LivePlan* plan) {
  plan_.store(plan, std::memory_order_release);
  Meter* const self = this;
  limits_changed({&self, 1});
}

// In three rounds, of which only the last two wait: what the first meter waits for is on its way for all others, too.
void Meter::limits_changed(std::span<Meter* const> meters) {
  for (Meter* const meter : meters) meter->begin_change();
  for (Meter* const meter : meters) meter->give_back();
  for (Meter* const meter : meters) meter->end_change();
}

void Meter::begin_change() {
  const LivePlan* const plan = plan_.load(std::memory_order_acquire);
  if (plan != nullptr) bucket_.limit_changed(plan->rate(), nanoseconds(usage_.clock().now()));
  const std::scoped_lock lock{mutex_};
  changing_ = true;
}

void Meter::end_change() {
  Lock lock{mutex_};
  changed_.wait(lock, [this] { return !under_way_; });
  changing_ = false;
  // As at the start: the next request finds out what is left under the new limit.
  window_ = {};
  used_up_ = false;
  ends_ms_.store(0, std::memory_order_release);
  wake_waiters();
}

std::int64_t Meter::at_hand(Period period, const Window& window) const {
  const std::scoped_lock lock{mutex_};
  if (period != period_ || window.starts_ms != window_.starts_ms) return 0;
  return left_.load(std::memory_order_acquire);
}

void Meter::give_back() {
  Lock lock{mutex_};
  changed_.wait(lock, [this] { return !under_way_; });
  if (const std::int64_t left = left_.exchange(0, std::memory_order_acq_rel); left > 0) start_take(lock, -left);
}

void Meter::wait_until_idle() {
  Lock lock{mutex_};
  changed_.wait(lock, [this] { return !under_way_; });
}

}  // namespace quipu::gateway
