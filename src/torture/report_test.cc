#include <gtest/gtest.h>

#include "torture/torture.h"

namespace quipu::torture {
namespace {

TortureReport good_run() {
  TortureReport report;
  report.seed = 42;
  report.power_loss = true;
  report.cycles = 2000;
  report.increments_acked = 1'234'567;
  report.kills_with_operations = 1999;
  report.answers_dropped = 10;
  return report;
}

testing::AssertionResult says(const TortureReport& report, std::string_view words) {
  const std::string text = verdict(report);
  if (text.find(words) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "no '" << words << "' in:\n" << text;
}

TEST(Verdict, AGoodRunGivesItsBound) {
  const auto report = good_run();
  EXPECT_TRUE(report.passed());
  EXPECT_TRUE(says(report, "PASSED: none wrong in 2,000 cycles with power cuts"));
  EXPECT_TRUE(says(report, "below 0.15 % at 95 % confidence"));
  EXPECT_TRUE(says(report, "1,234,567 increments acknowledged"));
  EXPECT_TRUE(says(report, "seed 42"));
}

TEST(Verdict, AViolationFailsAndIsTold) {
  auto report = good_run();
  report.add_violation("hot: value 7 was given to two increments");
  report.kept_directory = "/tmp/kept";
  EXPECT_FALSE(report.passed());
  EXPECT_TRUE(says(report, "FAILED: 1 violation(s)"));
  EXPECT_TRUE(says(report, "hot: value 7 was given to two increments"));
  EXPECT_TRUE(says(report, "/tmp/kept"));
}

TEST(Verdict, ManyViolationsAreCountedAndTheFirstOnesTold) {
  auto report = good_run();
  for (int i = 0; i < 100; ++i) report.add_violation("wrong");
  EXPECT_EQ(report.violations.size(), violations_reported_max);
  EXPECT_TRUE(says(report, "and 80 more"));
}

TEST(Verdict, ARunThatInterruptedNothingFails) {
  auto report = good_run();
  report.not_tested.emplace_back("no kill interrupted an operation");
  EXPECT_FALSE(report.passed());
  EXPECT_TRUE(says(report, "did not test what it should"));
}

TEST(Verdict, KillsAloneDoNotClaimToProveSyncs) {
  auto report = good_run();
  report.power_loss = false;
  EXPECT_TRUE(says(report, "only --power-loss shows"));
}

TEST(Options, ADirectoryWithSomethingInItIsRefused) {
  const auto result = run_torture({.directory = "/", .progress = nullptr});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("not empty"), std::string::npos);
}

TEST(Options, ConnectionsAreBounded) {
  EXPECT_FALSE(run_torture({.connections = 1, .progress = nullptr}));
  EXPECT_FALSE(run_torture({.connections = connections_max + 1, .progress = nullptr}));
}

TEST(Options, AServerThatDoesNotStartIsAnErrorAndNoVerdict) {
  const auto result = run_torture({.cycles = 1, .server = "/bin/false", .progress = nullptr});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("the server does not start (exit code 1)"), std::string::npos)
      << result.error().message;
}

}  // namespace
}  // namespace quipu::torture
