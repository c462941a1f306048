// Usage plans: how much a key may ask. A plan has a rate with a burst, a quota, both or neither.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quipu::gateway {

inline constexpr std::size_t plan_name_bytes_max = 64;
inline constexpr std::string_view default_plan_name = "default";
inline constexpr std::string_view no_plan_name = "none";  // where a plan is asked for: no limits
inline constexpr std::uint64_t rate_thousandths_max = 1'000'000'000;
inline constexpr std::uint64_t burst_max = 1'000'000;
inline constexpr std::int64_t quota_limit_max = 1'000'000'000'000;

// In UTC; a week begins on Monday. Stored as text: "day", "week", "month".
enum class Period : std::uint8_t { day, week, month };

std::string_view to_string(Period period);
std::optional<Period> parse_period(std::string_view text);

// From the first millisecond to that after the last one.
struct Window {
  std::int64_t starts_ms = 0;
  std::int64_t ends_ms = 0;
};
Window window_of(Period period, std::int64_t wall_ms);

struct Quota {
  std::int64_t limit = 0;
  Period period = Period::day;

  friend bool operator==(const Quota&, const Quota&) = default;
};

struct PlanLimits {
  std::uint64_t rate_thousandths = 0;  // of a request a second; 0: as fast as it goes
  std::uint64_t burst = 0;             // at least 1 with a rate
  std::optional<Quota> quota;

  friend bool operator==(const PlanLimits&, const PlanLimits&) = default;
};

struct Plan {
  std::string name;
  PlanLimits limits;

  friend bool operator==(const Plan&, const Plan&) = default;
};

// What `default` is until somebody changes it.
PlanLimits default_plan_limits();

Result<> check_plan_name(std::string_view name);
// In order and within range? A burst that was not given becomes what the rate gives in a second.
Result<> complete(PlanLimits& limits);

// "1000", "0.001": at most three digits behind the point.
Result<std::uint64_t> parse_rate(std::string_view text);
std::string rate_text(std::uint64_t thousandths);
// "100": a whole number from 1 on
Result<std::uint64_t> parse_burst(std::string_view text);
// "1000000/day"
Result<Quota> parse_quota(std::string_view text);
// "partner rate=50 burst=100 quota=5000/month", several of them in lines or with ';' between them.
Result<std::vector<Plan>> parse_plans(std::string_view text);

}  // namespace quipu::gateway
