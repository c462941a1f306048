#include "compare/report.h"

#include <gtest/gtest.h>

#include "base/json_reader.h"

namespace quipu::compare {
namespace {

std::vector<StoreTrial> trials() {
  StoreTrial good{.name = "local", .server = "Quipu", .durability = "power loss"};
  good.unconditional.done = 1'234'567;
  good.unconditional.seconds = 1;
  good.unconditional.latencies_us = {100, 200, 300, 4'000};
  StoreTrial bad{.name = "redis", .server = "Redis <7>", .durability = "nothing"};
  bad.verdict.duplicates = 3;
  bad.verdict.example = "3 numbers";
  StoreTrial absent{.name = "tidb", .error = "connection refused"};
  return {good, bad, absent};
}

TEST(Report, NumbersHaveCommas) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1'000), "1,000");
  EXPECT_EQ(with_commas(1'234'567), "1,234,567");
}

TEST(Report, PercentilesAreOfTheSortedLatencies) {
  const auto all = trials();
  EXPECT_EQ(all[0].unconditional.latency_us(0.5), 300u);
  EXPECT_EQ(all[0].unconditional.latency_us(0.999), 4'000u);
  EXPECT_EQ(all[1].unconditional.latency_us(0.5), 0u);
}

TEST(Report, TableNamesWhatIsWrongAndWhatWasNotTried) {
  const std::string text = text_report(trials());
  EXPECT_NE(text.find("1,234,567"), std::string::npos) << text;
  EXPECT_NE(text.find("! numbers given twice"), std::string::npos) << text;
  EXPECT_NE(text.find("not tried: connection refused"), std::string::npos) << text;
}

// It said "none" and "every number counted once" of a store that had died before it was asked.
TEST(Report, WhatCouldNotBeJudgedIsNoGoodNews) {
  StoreTrial dead{.name = "redis", .server = "Redis", .durability = "nothing"};
  dead.verdict.not_judged = "it is gone";
  const std::vector<StoreTrial> all{dead};
  EXPECT_FALSE(dead.verdict.good());
  const std::string text = text_report(all);
  EXPECT_NE(text.find("! could not be judged"), std::string::npos) << text;
  EXPECT_NE(text.find("none seen"), std::string::npos) << text;
  EXPECT_NE(json_report(all, {}).find(R"("good":false)"), std::string::npos);
  EXPECT_NE(json_report(all, {}).find(R"("not_judged":"it is gone")"), std::string::npos);
  const std::string page = html_report(all, {});
  EXPECT_NE(page.find(">not judged<"), std::string::npos);
  EXPECT_EQ(page.find("every number counted once"), std::string::npos);
  EXPECT_NE(page.find("it is gone"), std::string::npos);
}

TEST(Report, JsonIsWhole) {
  const std::string text = json_report(trials(), {});
  JsonReader json{text};
  ASSERT_TRUE(json.skip_value() && json.finish()) << json.error_message();
}

TEST(Report, PageEscapesWhatOthersSay) {
  const std::string page = html_report(trials(), {.when = "now", .machine = "m", .clients = 1, .version = "1"});
  EXPECT_NE(page.find("Redis &lt;7&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<7>"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
}

}  // namespace
}  // namespace quipu::compare
