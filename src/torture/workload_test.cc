#include "torture/workload.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace quipu::torture {
namespace {

// A counter service in a few lines, with a switch for each thing that can be wrong with it. Requests go through the
// workload's own text, so what is tested is what is sent.
class Service {
 public:
  bool forget_keys = false;
  bool tear_arrays = false;

  Answer serve(const std::string& request) {
    const auto target = between(request, " ", " ");
    const auto counter = between(target + "&", "counter=", "&");
    if (request.starts_with("GET"))
      return {200, fmt::format(R"({{"counter":"{}","value":{}}})", counter, values[counter])};
    const auto key = between(request, "Idempotency-Key: ", "\r\n");
    if (!key.empty() && !forget_keys && answers.contains(key)) return {200, answers[key]};
    std::string body;
    if (counter.empty()) {
      for (auto at = request.find("counter\":\""); at != std::string::npos; at = request.find("counter\":\"", at + 1)) {
        const auto name = between(request.substr(at), "counter\":\"", "\"");
        if (tear_arrays && name.ends_with("-b"))
          body += R"({"new_value":0},)";
        else
          body += fmt::format(R"({{"counter":"{}","new_value":{}}},)", name, ++values[name]);
      }
    } else {
      const auto by = between(target + "&", "by=", "&");
      values[counter] += by.empty() ? 1 : std::stoi(by);
      body = fmt::format(R"({{"counter":"{}","new_value":{}}})", counter, values[counter]);
    }
    if (!key.empty()) answers[key] = body;
    return {200, body};
  }

  std::map<std::string, std::int64_t> values;
  std::map<std::string, std::string> answers;

 private:
  static std::string between(const std::string& text, std::string_view before, std::string_view after) {
    const auto begin = text.find(before);
    if (begin == std::string::npos) return {};
    const auto end = text.find(after, begin + before.size());
    return text.substr(begin + before.size(), end - begin - before.size());
  }
};

class WorkloadTest : public testing::Test {
 protected:
  void run_phase(Workload::Phase phase) {
    workload.begin(phase);
    while (!workload.phase_finished()) ask();
  }
  void load(int requests) {
    workload.begin(Workload::Phase::load);
    for (int i = 0; i < requests; ++i) ask();
  }
  void ask() {
    std::string request;
    if (workload.next(0, false, ++now, request)) workload.answered(0, service.serve(request), ++now);
  }
  void compare() {
    run_phase(Workload::Phase::reads);
    workload.judge_reads();
    run_phase(Workload::Phase::retries);
  }
  // One request of the load that is executed, if `executed`, and of which the answer is lost; `wanted` picks its kind.
  std::string lose(std::string_view wanted, bool executed) {
    workload.begin(Workload::Phase::load);
    for (;;) {
      std::string request;
      EXPECT_TRUE(workload.next(0, false, ++now, request));
      const bool is_wanted = request.find(wanted) != std::string::npos;
      Answer answer;
      if (!is_wanted || executed) answer = service.serve(request);
      if (!is_wanted) {
        workload.answered(0, answer, ++now);
        continue;
      }
      workload.lost(0);
      workload.server_ended(++now);
      return request;
    }
  }
  std::uint64_t violations_of_history() {
    workload.give_up_retries();
    return check_counters(workload.rules(), workload.history()).violations_total;
  }

  TortureReport report;
  Workload workload{1, 1, report};
  Service service;
  std::int64_t now = 0;
};

TEST_F(WorkloadTest, ARightServicePasses) {
  compare();
  for (int cycle = 0; cycle < 5; ++cycle) {
    load(200);
    compare();
  }
  EXPECT_EQ(report.violations_total, 0U) << report.violations[0];
  EXPECT_EQ(violations_of_history(), 0U);
  EXPECT_GT(report.increments_acked, 400U);
  EXPECT_GT(report.arrays_acked, 10U);
  EXPECT_GT(report.replays_compared, 10U);
}

TEST_F(WorkloadTest, ALostAnswerIsRightWhetherItHappenedOrNot) {
  compare();
  for (const bool executed : {false, true}) {
    for (const char* kind : {"counter=hot", "counter=range", "counter=once", "[{"}) {
      lose(kind, executed);
      compare();
    }
  }
  EXPECT_EQ(report.violations_total, 0U) << report.violations[0];
  EXPECT_EQ(report.retries_settled, 2U);
  EXPECT_EQ(violations_of_history(), 0U);
}

TEST_F(WorkloadTest, ALostValueIsSeenAfterTheRestart) {
  compare();
  load(200);
  --service.values["hot"];
  compare();
  ASSERT_EQ(report.violations_total, 1U);
  EXPECT_NE(report.violations[0].find("hot: holds"), std::string::npos) << report.violations[0];
}

TEST_F(WorkloadTest, AValueTooManyIsSeenAfterTheRestart) {
  compare();
  load(200);
  ++service.values["cold-3"];
  compare();
  ASSERT_EQ(report.violations_total, 1U);
  EXPECT_NE(report.violations[0].find("cold-3: holds"), std::string::npos) << report.violations[0];
}

TEST_F(WorkloadTest, ARetryThatCountsAgainIsSeen) {
  compare();
  lose("counter=once", true);
  service.answers.clear();
  compare();
  run_phase(Workload::Phase::reads);
  EXPECT_GT(report.violations_total + violations_of_history(), 0U);
}

TEST_F(WorkloadTest, AKeyThatIsForgottenIsSeenWhenItIsAskedAgain) {
  compare();
  load(100);
  service.forget_keys = true;
  compare();
  ASSERT_GT(report.violations_total, 0U);
  EXPECT_NE(report.violations[0].find("and later"), std::string::npos) << report.violations[0];
}

TEST_F(WorkloadTest, ATornArrayIsSeen) {
  compare();
  service.tear_arrays = true;
  load(100);
  ASSERT_GT(report.violations_total, 0U);
  EXPECT_NE(report.violations[0].find("not one step"), std::string::npos) << report.violations[0];
}

TEST_F(WorkloadTest, AnArrayTornByACrashIsSeenAfterTheRestart) {
  compare();
  lose("[{", false);
  ++service.values["twin-1-a"];
  compare();
  ASSERT_GT(report.violations_total, 0U);
  EXPECT_NE(report.violations.back().find("only counted together"), std::string::npos) << report.violations.back();
}

TEST_F(WorkloadTest, ARefusedIncrementMustNotCount) {
  compare();
  workload.begin(Workload::Phase::load);
  std::string request;
  do {
    ASSERT_TRUE(workload.next(0, false, ++now, request));
    workload.answered(0, {503, R"({"error_code":"busy"})"}, ++now);
  } while (request.find("counter=hot") == std::string::npos || !request.starts_with("POST"));
  ++service.values["hot"];
  compare();
  EXPECT_EQ(report.violations_total, 1U);
}

TEST_F(WorkloadTest, AnAnswerThatNobodyExpectsIsAViolation) {
  workload.begin(Workload::Phase::reads);
  std::string request;
  ASSERT_TRUE(workload.next(0, false, ++now, request));
  workload.answered(0, {404, R"({"error_code":"404_not_found"})"}, ++now);
  EXPECT_EQ(report.violations_total, 1U);
}

TEST_F(WorkloadTest, AfterASealTheHistoryBeginsWithTheStoredValues) {
  compare();
  load(300);
  compare();
  run_phase(Workload::Phase::reads);
  ASSERT_TRUE(workload.everything_settled());
  EXPECT_EQ(check_counters(workload.rules(), workload.history()).violations_total, 0U);
  workload.seal();
  EXPECT_TRUE(workload.history().empty());
  EXPECT_GT(workload.rules()[0].start, 0);
  load(300);
  compare();
  EXPECT_EQ(violations_of_history(), 0U);
  EXPECT_EQ(report.violations_total, 0U);
}

TEST_F(WorkloadTest, OnlyWhatMayBeRetriedGoesThroughTheProxy) {
  workload.begin(Workload::Phase::load);
  for (int i = 0; i < 100; ++i) {
    std::string request;
    ASSERT_TRUE(workload.next(0, true, ++now, request));
    EXPECT_NE(request.find("Idempotency-Key: "), std::string::npos);
    workload.lost(0);
  }
}

}  // namespace
}  // namespace quipu::torture
