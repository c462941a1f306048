#include "gateway/plan.h"

#include <gtest/gtest.h>

namespace quipu::gateway {
namespace {

constexpr std::int64_t a_second = 1000;
constexpr std::int64_t a_day = 24 * 3600 * a_second;
constexpr std::int64_t saturday = 1'795'219'200'000;  // 2026-11-21 00:00 UTC

TEST(Plan, ADayIsOfUtc) {
  for (const std::int64_t now : {saturday, saturday + 1, saturday + a_day - 1}) {
    const Window window = window_of(Period::day, now);
    EXPECT_EQ(window.starts_ms, saturday);
    EXPECT_EQ(window.ends_ms, saturday + a_day);
  }
  EXPECT_EQ(window_of(Period::day, saturday - 1).ends_ms, saturday);
}

TEST(Plan, AWeekBeginsOnMonday) {
  const std::int64_t monday = saturday - 5 * a_day;
  for (const std::int64_t now : {monday, saturday, monday + 7 * a_day - 1}) {
    const Window window = window_of(Period::week, now);
    EXPECT_EQ(window.starts_ms, monday);
    EXPECT_EQ(window.ends_ms, monday + 7 * a_day);
  }
  EXPECT_EQ(window_of(Period::week, monday - 1).ends_ms, monday);
}

TEST(Plan, MonthsHaveTheirOwnLengths) {
  const std::int64_t november = saturday - 20 * a_day;
  const Window window = window_of(Period::month, saturday);
  EXPECT_EQ(window.starts_ms, november);
  EXPECT_EQ(window.ends_ms, november + 30 * a_day);
  EXPECT_EQ(window_of(Period::month, window.ends_ms).ends_ms, november + 61 * a_day)
      << "December has 31, and a year ends";
}

TEST(Plan, RatesMayBeFractions) {
  EXPECT_EQ(*parse_rate("1000"), 1'000'000U);
  EXPECT_EQ(*parse_rate("0.001"), 1U);
  EXPECT_EQ(*parse_rate("2.5"), 2'500U);
  EXPECT_EQ(*parse_rate("2.5000"), 2'500U);
  EXPECT_EQ(rate_text(2'500), "2.5");
  EXPECT_EQ(rate_text(1'000'000), "1000");
  EXPECT_EQ(rate_text(1), "0.001");
  for (const char* wrong : {"", "0", "-1", ".5", "1.", "0.0001", "1e3", "1000001", "x", "1.x", "1.5.1", "0.000"})
    EXPECT_FALSE(parse_rate(wrong)) << wrong;
}

TEST(Plan, QuotasNameTheirPeriod) {
  EXPECT_EQ(*parse_quota("1000000/day"), (Quota{.limit = 1'000'000, .period = Period::day}));
  EXPECT_EQ(*parse_quota("1/month"), (Quota{.limit = 1, .period = Period::month}));
  for (const char* wrong : {"", "5", "/day", "0/day", "-1/day", "5/hour", "5/day/", "1000000000001/day"})
    EXPECT_FALSE(parse_quota(wrong)) << wrong;
}

TEST(Plan, SeveralAreReadFromOneText) {
  const auto plans =
      parse_plans("default  rate=1000 burst=500 quota=1000000/day\n\n partner rate=0.5 ; free quota=10/week;open\r\n");
  ASSERT_TRUE(plans) << plans.error().message;
  ASSERT_EQ(plans->size(), 4U);
  EXPECT_EQ(plans->at(0), (Plan{"default", default_plan_limits()}));
  EXPECT_EQ(plans->at(1), (Plan{"partner", {.rate_thousandths = 500, .burst = 1, .quota = {}}}))
      << "a burst that is not given is what the rate gives in a second, at least one";
  EXPECT_EQ(plans->at(2).limits.quota, (Quota{.limit = 10, .period = Period::week}));
  EXPECT_EQ(plans->at(3), (Plan{"open", {}}));
}

TEST(Plan, WrongOnesAreRefusedByName) {
  for (const char* wrong : {"a burst=5", "a rate=", "a rate", "a speed=5", "a burst=0 rate=1", "a rate=1 burst=1000001",
                            "a;a", "none rate=1", "a/b rate=1"})
    EXPECT_FALSE(parse_plans(wrong)) << wrong;
  EXPECT_NE(parse_plans("shop rate=x").error().message.find("plan shop"), std::string::npos);
}

}  // namespace
}  // namespace quipu::gateway
