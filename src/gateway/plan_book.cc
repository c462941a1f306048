#include "gateway/plan_book.h"

#include "gateway/stored_item.h"
#include "table/rows.h"

namespace quipu::gateway {

namespace {

constexpr std::string_view table_name = "quipu.plans";
constexpr std::string_view name_attribute = "name";
constexpr std::string_view rate_attribute = "rate";
constexpr std::string_view burst_attribute = "burst";
constexpr std::string_view quota_attribute = "quota";
constexpr std::string_view period_attribute = "period";

constexpr std::uint64_t burst_bits = 20;
static_assert(burst_max < (std::uint64_t{1} << burst_bits));
constexpr std::uint64_t nanoseconds_in_thousand_seconds = 1'000'000'000'000;
static_assert(nanoseconds_in_thousand_seconds < (std::uint64_t{1} << (64 - burst_bits)));
constexpr std::uint64_t period_values = 4;

value::Item encode(const PlanLimits& limits) {
  value::Item item;
  if (limits.rate_thousandths != 0) {
    const auto rate = value::Number::parse(rate_text(limits.rate_thousandths));
    QUIPU_ASSERT(rate.has_value(), "{}", limits.rate_thousandths);
    item.set(rate_attribute, value::Value::number(*rate));
    item.set(burst_attribute, value::Value::number(static_cast<std::int64_t>(limits.burst)));
  }
  if (limits.quota) {
    item.set(quota_attribute, value::Value::number(limits.quota->limit));
    item.set(period_attribute, value::Value::string(to_string(limits.quota->period)));
  }
  return item;
}

std::optional<std::int64_t> whole_number(const value::Item& item, std::string_view attribute) {
  const value::Value* found = item.find(attribute);
  return found != nullptr && found->if_number() ? found->as_number().to_int64() : std::nullopt;
}

Result<PlanLimits> decode(const value::Item& item) {
  PlanLimits limits;
  if (const value::Value* rate = item.find(rate_attribute); rate != nullptr && rate->if_number()) {
    QUIPU_TRY(limits.rate_thousandths, parse_rate(rate->as_number().to_string()));
    limits.burst = static_cast<std::uint64_t>(whole_number(item, burst_attribute).value_or(0));
  }
  if (const auto limit = whole_number(item, quota_attribute)) {
    const value::Value* name = item.find(period_attribute);
    const auto period = name != nullptr && name->if_string() ? parse_period(name->as_string()) : std::nullopt;
    if (!period) return fail(ErrorCode::damaged, "its period is unknown");
    limits.quota = Quota{.limit = *limit, .period = *period};
  }
  QUIPU_CHECK(complete(limits));
  return limits;
}

}  // namespace

RateLimit LivePlan::rate() const {
  const std::uint64_t packed = rate_.load(std::memory_order_relaxed);
  return {.interval_ns = static_cast<std::int64_t>(packed >> burst_bits),
          .burst = static_cast<std::int64_t>(packed & ((std::uint64_t{1} << burst_bits) - 1))};
}

std::optional<Quota> LivePlan::quota() const {
  const std::uint64_t packed = quota_.load(std::memory_order_relaxed);
  if (packed == 0) return std::nullopt;
  return Quota{.limit = static_cast<std::int64_t>(packed / period_values),
               .period = static_cast<Period>(packed % period_values)};
}

void LivePlan::set(const PlanLimits& limits) {
  std::uint64_t rate = 0;
  if (limits.rate_thousandths != 0) {
    // Rounded up: a little slower than promised at very high rates, never faster.
    const std::uint64_t interval =
        (nanoseconds_in_thousand_seconds + limits.rate_thousandths - 1) / limits.rate_thousandths;
    rate = interval << burst_bits | limits.burst;
  }
  rate_.store(rate, std::memory_order_relaxed);
  quota_.store(limits.quota ? static_cast<std::uint64_t>(limits.quota->limit) * period_values +
                                  static_cast<std::uint64_t>(limits.quota->period)
                            : 0,
               std::memory_order_relaxed);
}

Result<std::unique_ptr<PlanBook>> PlanBook::open(table::Tables& tables) {
  table::TableSchema wanted;
  wanted.name = table_name;
  wanted.partition_key.name = name_attribute;
  wanted.system = true;
  wanted.created_ms = static_cast<std::uint64_t>(tables.clock().wall_ms());
  QUIPU_TRY(auto schema, tables.find_or_create(wanted));
  std::unique_ptr<PlanBook> book{new PlanBook{tables, std::move(schema)}};
  QUIPU_CHECK(book->load());
  if (book->live(default_plan_name) == nullptr)
    QUIPU_CHECK(book->put({.name = std::string{default_plan_name}, .limits = default_plan_limits()}));
  return book;
}

Result<> PlanBook::load() {
  std::string prefix;
  table::key_codec::append_table_prefix(prefix, schema_->id);
  Result<> result;
  QUIPU_CHECK(
      tables_.scan(prefix, table::end_of_prefix(prefix), [&](std::string_view row_key, const value::Item& item) {
        const std::string name{row_key.substr(prefix.size())};
        const auto limits = decode(item);
        if (limits)
          note({.name = name, .limits = *limits});
        else
          result = fail(ErrorCode::damaged, "the plan {:?} is stored in a form that is unknown: {}", name,
                        limits.error().message);
        return limits.has_value();
      }));
  return result;
}

void PlanBook::note(const Plan& plan) {
  plans_.with([&](Plans& plans) {
    plans.stored.insert_or_assign(plan.name, plan.limits);
    auto& live = plans.live[plan.name];
    if (live == nullptr) live = std::make_unique<LivePlan>(plan.name);
    live->set(plan.limits);
  });
}

std::vector<Plan> PlanBook::list() const {
  return plans_.with([](const Plans& plans) {
    std::vector<Plan> all;
    for (const auto& [name, limits] : plans.stored) all.push_back({.name = name, .limits = limits});
    return all;
  });
}

std::optional<Plan> PlanBook::find(std::string_view name) const {
  return plans_.with([&](const Plans& plans) -> std::optional<Plan> {
    const auto found = plans.stored.find(name);
    if (found == plans.stored.end()) return std::nullopt;
    return Plan{.name = found->first, .limits = found->second};
  });
}

LivePlan* PlanBook::live(std::string_view name) const {
  return plans_.with([&](const Plans& plans) -> LivePlan* {
    if (!plans.stored.contains(name)) return nullptr;
    return plans.live.find(name)->second.get();
  });
}

std::vector<const LivePlan*> PlanBook::all_live() const {
  return plans_.with([](const Plans& plans) {
    std::vector<const LivePlan*> all;
    for (const auto& [name, live] : plans.live) all.push_back(live.get());
    return all;
  });
}

Result<> PlanBook::put(const Plan& plan) {
  QUIPU_CHECK(check_plan_name(plan.name));
  PlanLimits limits = plan.limits;
  QUIPU_CHECK(complete(limits));
  // Settings say the same at each start, also when the disk is full.
  if (const auto known = find(plan.name); known && known->limits == limits) return {};
  const bool fits = plans_.with([&](const Plans& plans) {
    // Deleted ones count too, because they stay in memory.
    return plans.live.contains(plan.name) || plans.live.size() < plans_max;
  });
  if (!fits)
    return fail(ErrorCode::limit_reached, "there were {} plans since the start; delete some and restart", plans_max);
  QUIPU_CHECK(StoredItem(tables_, *schema_, plan.name).put(encode(limits)));
  note({.name = plan.name, .limits = limits});
  return {};
}

Result<> PlanBook::erase(std::string_view name) {
  QUIPU_CHECK(StoredItem(tables_, *schema_, name).erase());
  plans_.with([&](Plans& plans) { plans.stored.erase(plans.stored.find(name)); });
  return {};
}

}  // namespace quipu::gateway
