#include "torture/history_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace quipu::torture {
namespace {

TEST(HistoryFile, WhatIsWrittenIsReadBack) {
  const auto file = std::filesystem::temp_directory_path() / fmt::format("quipu-history-{}.txt", getpid());
  const std::vector<CounterRules> rules{{.name = "plain"}, {.name = "a b%\xc3\xa9", .start = -5, .step = 7}};
  const std::vector<Operation> operations{
      {.invoke_ns = 1, .return_ns = 2, .value = 2, .counter = 1},
      {.invoke_ns = 3, .outcome = Outcome::indeterminate},
      {.invoke_ns = 3, .return_ns = 4, .kind = OperationKind::read},
      {.invoke_ns = 5, .return_ns = 6, .counter = 1, .outcome = Outcome::failed},
  };
  ASSERT_TRUE(write_history(file, rules, operations));
  std::ifstream in{file};
  const auto read = read_history(in);
  std::filesystem::remove(file);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->rules.size(), 2U);
  EXPECT_EQ(read->rules[1].name, rules[1].name);
  EXPECT_EQ(read->rules[1].start, -5);
  EXPECT_EQ(read->rules[1].step, 7);
  ASSERT_EQ(read->operations.size(), 4U);
  EXPECT_EQ(to_string(read->operations[0]), to_string(operations[1]));
  EXPECT_EQ(to_string(read->operations[1]), to_string(operations[2]));
  EXPECT_EQ(to_string(read->operations[2]), to_string(operations[0]));
  EXPECT_EQ(read->operations[2].counter, 1U);
  EXPECT_EQ(to_string(read->operations[3]), to_string(operations[3]));
}

TEST(HistoryFile, ALineThatIsNoneIsRefusedWithItsNumber) {
  for (const char* text : {"increment 1 2 acked 3", "counter c 0", "counter c 0 0", "counter c% 0 1", "counter c 0 1 2",
                           "counter c 0 1\nincrement 1 2 acked", "counter c 0 1\nincrement 1 2 failed 3",
                           "counter c 0 1\nincrement 1 2 lost", "counter c 0 1\nremove 1 2 acked 3",
                           "counter c 0 1\nread x 2 acked 3", "counter c 0 1\nread 1 2 acked 99999999999999999999"}) {
    std::istringstream in{text};
    const auto read = read_history(in);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().message.find("line "), std::string::npos);
  }
}

TEST(HistoryFile, EachCounterGetsALineAndTheWrongOneIsNamed) {
  const auto file = std::filesystem::temp_directory_path() / fmt::format("quipu-history-{}.txt", getpid());
  std::ofstream{file} << "# two counters\ncounter good 0 1\nincrement 1 2 acked 1\n"
                         "counter bad 0 1\nincrement 1 2 acked 1\nincrement 1 2 acked 1\n";
  std::ostringstream out;
  const auto all_ok = check_history_file(file.string(), out);
  std::filesystem::remove(file);
  ASSERT_TRUE(all_ok);
  EXPECT_FALSE(*all_ok);
  EXPECT_EQ(out.str(), "good ok\nbad wrong: value 1 was given to two increments\n");
}

}  // namespace
}  // namespace quipu::torture
