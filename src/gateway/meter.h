// How much one key may still ask under its plan. Asked by every request of the key, on all loops at once: the rate is
// one atomic number (bucket.h), and of the quota a block is at hand in another one.
//
// A block is taken from the store, durably, before the first request of it goes on (usage_table.h). So a quota is never
// exceeded, whenever the process dies; what it had at hand then is lost to the key. The larger a quota, the larger its
// blocks, and the next one is on its way before the last is used up. A quota of up to exact_quota_max has no blocks:
// what is taken is what requests wait for, and a crash loses no more than those.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/plan_book.h"
#include "gateway/usage_table.h"

namespace quipu::gateway {

inline constexpr std::int64_t exact_quota_max = 1000;
inline constexpr std::int64_t quota_block_max = 10'000;

// A hundredth of the quota, where that is not exact.
constexpr std::int64_t quota_block(std::int64_t limit) {
  return limit <= exact_quota_max ? 1 : std::min(limit / 100, quota_block_max);
}

struct Admission {
  enum class Verdict : std::uint8_t {
    admitted,
    over_rate,
    over_quota,
    busy,   // the store could not say
    later,  // the wait is called, and then the request is to ask again
  };
  Verdict verdict = Verdict::admitted;
  std::int64_t retry_after_s = 0;
};

class Meter;

// What a connection keeps to wait for a block.
class QuotaWait {
 public:
  // `wake` is called by any thread, when it makes sense to ask again.
  explicit QuotaWait(std::function<void()> wake) : wake_{std::move(wake)} {}
  ~QuotaWait() { end(); }
  QuotaWait(const QuotaWait&) = delete;
  QuotaWait& operator=(const QuotaWait&) = delete;

  // Once this returns, nobody calls.
  void end();

 private:
  friend class Meter;

  const std::function<void()> wake_;
  std::shared_ptr<Meter> meter_;  // null: it does not wait
  bool has_waited_ = false;       // for this request
  std::uint64_t failures_ = 0;    // of the meter when it began to
};

class Meter final : public std::enable_shared_from_this<Meter> {
 public:
  // What it borrows outlives it and its takes that are under way; wait_until_idle() waits for these. No plan: no
  // limits.
  Meter(const UsageTable& usage, std::string_view key_id, LivePlan* plan)
      : usage_{usage}, key_id_{key_id}, plan_{plan} {}

  // Counts a request, unless it is refused or has to wait.
  Admission admit(QuotaWait& wait);

  LivePlan* plan() const { return plan_.load(std::memory_order_acquire); }
  // From now on under that plan. Waits until the store has back what was at hand. One change at a time.
  void set_plan(LivePlan* plan);
  // The plan of these meters has other limits now. Likewise; all of them share a few group commits.
  static void limits_changed(std::span<Meter* const> meters);

  // What is taken in this period, but not used.
  std::int64_t at_hand(Period period, const Window& window) const;

  // At the end: what is at hand goes back to the store.
  void give_back();
  void wait_until_idle();

 private:
  friend class QuotaWait;
  class Take;
  using Lock = std::unique_lock<std::mutex>;

  Admission take_of_quota(const Quota& quota, QuotaWait& wait);
  Admission wait_for_quota(const Quota& quota, QuotaWait& wait, std::int64_t now_ms);
  bool take_at_hand(std::int64_t& left);
  void enter_window(Period period, std::int64_t now_ms);
  void fetch_ahead(const Quota& quota);
  void start_take(Lock& lock, std::int64_t wanted);
  void begin_change();
  void end_change();
  void wake_waiters() noexcept;
  void taken(const Take& take, std::int64_t granted, const Error* error) noexcept;

  const UsageTable& usage_;
  const std::string key_id_;
  std::atomic<LivePlan*> plan_;
  Bucket bucket_;
  std::atomic<std::int64_t> left_{0};     // of the block at hand
  std::atomic<std::int64_t> ends_ms_{0};  // of the period that it is of

  mutable std::mutex mutex_;  // protects what follows, and the growth of left_
  std::condition_variable changed_;
  Period period_ = Period::day;
  Window window_;
  bool under_way_ = false;  // a take
  bool used_up_ = false;    // in this period
  bool changing_ = false;   // no take may start
  std::uint64_t failures_ = 0;
  std::vector<QuotaWait*> waiting_;
};

}  // namespace quipu::gateway
