// Which plans there are: items of the system table quipu.plans (docs/formats/plans.md), and what requests need of them.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/metrics.h"
#include "base/result.h"
#include "gateway/bucket.h"
#include "gateway/plan.h"
#include "table/tables.h"

namespace quipu::gateway {

inline constexpr std::size_t plans_max = 1000;

// A plan as requests read it: without a lock, and changed under their eyes. Each of the two limits is one atomic
// number, so that nobody sees half of one.
class LivePlan {
 public:
  explicit LivePlan(std::string_view name) : name_{name} {}

  const std::string& name() const { return name_; }
  RateLimit rate() const;
  std::optional<Quota> quota() const;
  void set(const PlanLimits& limits);

  Counter over_rate;   // requests refused for it
  Counter over_quota;  // likewise

 private:
  const std::string name_;
  std::atomic<std::uint64_t> rate_{0};   // interval in ns * 2^20 + burst
  std::atomic<std::uint64_t> quota_{0};  // limit * 4 + period
};

class PlanBook {
 public:
  // The plan `default` is there from the first time on.
  static Result<std::unique_ptr<PlanBook>> open(table::Tables& tables);

  std::vector<Plan> list() const;  // by name
  std::optional<Plan> find(std::string_view name) const;
  // Null if there is none of that name. What it points to stays for as long as the book.
  LivePlan* live(std::string_view name) const;
  // All that were there since the start, also those that were deleted since: their figures do not go back.
  std::vector<const LivePlan*> all_live() const;

  // These wait until the change is durable. One at a time; KeyRing sees to that, and to the keys.
  Result<> put(const Plan& plan);
  Result<> erase(std::string_view name);

 private:
  struct Plans {
    std::map<std::string, PlanLimits, std::less<>> stored;
    // A request may be looking at a plan that is being deleted, so these are never destroyed; one that is made again
    // under the name of an earlier one takes its place.
    std::map<std::string, std::unique_ptr<LivePlan>, std::less<>> live;
  };

  PlanBook(table::Tables& tables, std::shared_ptr<const table::TableSchema> schema)
      : tables_{tables}, schema_{std::move(schema)} {}
  Result<> load();
  void note(const Plan& plan);

  table::Tables& tables_;
  const std::shared_ptr<const table::TableSchema> schema_;
  Guarded<Plans> plans_;
};

}  // namespace quipu::gateway
