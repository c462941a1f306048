#include "gateway/plan.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace quipu::gateway {

namespace {

constexpr std::uint64_t thousandths = 1000;
constexpr std::string_view blank = " \t\r";

// Takes the next piece of `rest` up to one of `separators`.
std::string_view next_piece(std::string_view& rest, std::string_view separators) {
  const std::size_t end = rest.find_first_of(separators);
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return piece;
}

Result<> read_limit(PlanLimits& limits, std::string_view name, std::string_view value) {
  if (name == "rate") {
    QUIPU_TRY(limits.rate_thousandths, parse_rate(value));
  } else if (name == "burst") {
    QUIPU_TRY(limits.burst, parse_burst(value));
  } else if (name == "quota") {
    QUIPU_TRY(limits.quota, parse_quota(value));
  } else {
    return fail(ErrorCode::invalid_argument, "a plan has rate, burst and quota, not {:?}", name);
  }
  return {};
}

Result<Plan> parse_plan(std::string_view text) {
  Plan plan;
  while (!text.empty()) {
    const std::string_view word = next_piece(text, blank);
    if (word.empty()) continue;
    if (plan.name.empty()) {
      QUIPU_CHECK(check_plan_name(word));
      plan.name = word;
      continue;
    }
    const auto equals = word.find('=');
    if (equals == std::string_view::npos)
      return fail(ErrorCode::invalid_argument, "plan {}: expected rate=, burst= or quota=, not {:?}", plan.name, word);
    if (auto read = read_limit(plan.limits, word.substr(0, equals), word.substr(equals + 1)); !read)
      return fail(ErrorCode::invalid_argument, "plan {}: {}", plan.name, read.error().message);
  }
  if (auto done = complete(plan.limits); !done)
    return fail(ErrorCode::invalid_argument, "plan {}: {}", plan.name, done.error().message);
  return plan;
}

}  // namespace

std::string_view to_string(Period period) {
  switch (period) {
    case Period::day: return "day";
    case Period::week: return "week";
    case Period::month: break;
  }
  return "month";
}

std::optional<Period> parse_period(std::string_view text) {
  for (const Period period : {Period::day, Period::week, Period::month})
    if (text == to_string(period)) return period;
  return std::nullopt;
}

Window window_of(Period period, std::int64_t wall_ms) {
  using std::chrono::days;
  using std::chrono::sys_days;
  const auto today =
      std::chrono::floor<days>(std::chrono::sys_time<std::chrono::milliseconds>{std::chrono::milliseconds{wall_ms}});
  sys_days first = today;
  sys_days end = today + days{1};
  if (period == Period::week) {
    first = today - (std::chrono::weekday{today} - std::chrono::Monday);
    end = first + days{7};
  } else if (period == Period::month) {
    const std::chrono::year_month_day date{today};
    const auto month = date.year() / date.month();
    first = sys_days{month / 1};
    end = sys_days{(month + std::chrono::months{1}) / 1};
  }
  const auto in_ms = [](sys_days day) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(day.time_since_epoch()).count();
  };
  return {.starts_ms = in_ms(first), .ends_ms = in_ms(end)};
}

PlanLimits default_plan_limits() {
  return {
      .rate_thousandths = 1'000 * thousandths, .burst = 500, .quota = Quota{.limit = 1'000'000, .period = Period::day}};
}

Result<> check_plan_name(std::string_view name) {
  // They stand in URLs, in shells and as labels of figures.
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  if (name.empty() || name.size() > plan_name_bytes_max || !std::ranges::all_of(name, allowed))
    return fail(ErrorCode::invalid_argument, "a plan's name has 1 to {} of the characters A-Z a-z 0-9 - _ .",
                plan_name_bytes_max);
  if (name == no_plan_name) return fail(ErrorCode::invalid_argument, "\"none\" means no plan; take another name");
  return {};
}

Result<> complete(PlanLimits& limits) {
  if (limits.rate_thousandths == 0 && limits.burst != 0)
    return fail(ErrorCode::invalid_argument, "a burst needs a rate, by which it comes back");
  if (limits.rate_thousandths > rate_thousandths_max)
    return fail(ErrorCode::invalid_argument, "rate must be from 0.001 to {}", rate_thousandths_max / thousandths);
  if (limits.rate_thousandths != 0 && limits.burst == 0)
    limits.burst = std::max<std::uint64_t>(1, limits.rate_thousandths / thousandths);
  if (limits.burst > burst_max) return fail(ErrorCode::invalid_argument, "burst must be from 1 to {}", burst_max);
  if (limits.quota && (limits.quota->limit < 1 || limits.quota->limit > quota_limit_max))
    return fail(ErrorCode::invalid_argument, "a quota's limit must be from 1 to {}", quota_limit_max);
  return {};
}

Result<std::uint64_t> parse_rate(std::string_view text) {
  const auto refuse = [&] {
    return fail(ErrorCode::invalid_argument,
                "rate must be a number from 0.001 to {} with at most three digits behind the point, not {:?}",
                rate_thousandths_max / thousandths, text);
  };
  const std::size_t point = text.find('.');
  const auto whole = parse_int64(text.substr(0, point));
  if (!whole || *whole < 0 || static_cast<std::uint64_t>(*whole) > rate_thousandths_max / thousandths) return refuse();
  std::uint64_t rate = static_cast<std::uint64_t>(*whole) * thousandths;
  if (point != std::string_view::npos) {
    std::string_view digits = text.substr(point + 1);
    while (digits.size() > 3 && digits.ends_with('0')) digits.remove_suffix(1);
    if (digits.empty() || digits.size() > 3) return refuse();
    for (std::uint64_t weight = thousandths / 10; const char c : digits) {
      if (c < '0' || c > '9') return refuse();
      rate += static_cast<std::uint64_t>(c - '0') * weight;
      weight /= 10;
    }
  }
  if (rate == 0 || rate > rate_thousandths_max) return refuse();
  return rate;
}

std::string rate_text(std::uint64_t rate_thousandths) {
  std::string text = fmt::format("{}.{:03}", rate_thousandths / thousandths, rate_thousandths % thousandths);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

Result<std::uint64_t> parse_burst(std::string_view text) {
  const auto burst = parse_int64(text);
  if (!burst || *burst < 1)
    return fail(ErrorCode::invalid_argument, "burst must be a whole number from 1 on, not {:?}", text);
  return static_cast<std::uint64_t>(*burst);
}

Result<Quota> parse_quota(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto limit = parse_int64(text.substr(0, slash));
  const auto period = slash == std::string_view::npos ? std::nullopt : parse_period(text.substr(slash + 1));
  if (!limit || *limit < 1 || *limit > quota_limit_max || !period)
    return fail(ErrorCode::invalid_argument, "quota must be like 1000000/day, 1000000/week or 1000000/month, not {:?}",
                text);
  return Quota{.limit = *limit, .period = *period};
}

Result<std::vector<Plan>> parse_plans(std::string_view text) {
  std::vector<Plan> plans;
  while (!text.empty()) {
    const std::string_view line = next_piece(text, ";\n");
    if (line.find_first_not_of(blank) == std::string_view::npos) continue;
    QUIPU_TRY(auto plan, parse_plan(line));
    if (std::ranges::find(plans, plan.name, &Plan::name) != plans.end())
      return fail(ErrorCode::invalid_argument, "plan {} is given twice", plan.name);
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace quipu::gateway
