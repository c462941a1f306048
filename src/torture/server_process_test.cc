#include "torture/server_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace quipu::torture {
namespace {

using namespace std::chrono_literals;

class Process : public testing::Test {
 protected:
  void SetUp() override {
    directory = std::filesystem::temp_directory_path() / fmt::format("quipu-process-{}", getpid());
    std::filesystem::create_directories(directory);
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  // A shell stands in for the server.
  Result<ServerProcess> start(const std::string& script) {
    return ServerProcess::start({.executable = "/bin/sh",
                                 .arguments = {"-c", script},
                                 .working_directory = directory,
                                 .log_file = directory / "log"});
  }

  std::filesystem::path directory;
};

TEST_F(Process, ItsEndAndItsWordsAreSeen) {
  auto process = start("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(process) << process.error().message;
  ASSERT_TRUE(process->wait_for_end(10s));
  EXPECT_EQ(process->exit_code(), 3);
  EXPECT_EQ(process->how_it_ended(), "exit code 3");
  EXPECT_EQ(last_lines(directory / "log"), "out\nerr\n");
}

TEST_F(Process, AKillIsSeen) {
  auto process = start("exec sleep 100");
  ASSERT_TRUE(process);
  EXPECT_FALSE(process->wait_for_end(1ms));
  process->send_signal(SIGKILL);
  ASSERT_TRUE(process->wait_for_end(10s));
  EXPECT_EQ(process->ended_by_signal(), SIGKILL);
  EXPECT_EQ(process->how_it_ended(), "signal 9");
}

TEST_F(Process, ASignalToTheCallerDoesNotEndTheWait) {
  struct sigaction ignore_softly{};
  ignore_softly.sa_handler = [](int) {};
  struct sigaction before{};
  sigaction(SIGUSR2, &ignore_softly, &before);
  auto process = start(fmt::format("kill -USR2 {}; exec sleep 0.2", getpid()));
  ASSERT_TRUE(process);
  EXPECT_TRUE(process->wait_for_end(10s));
  sigaction(SIGUSR2, &before, nullptr);
}

TEST_F(Process, ItDiesWithItsOwner) {
  pid_t pid = 0;
  {
    auto process = start("exec sleep 100");
    ASSERT_TRUE(process);
    pid = process->pid();
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(Process, TheCallersSettingsAreNotPassedOn) {
  ::setenv("QUIPU_LISTEN", "0.0.0.0:1", 1);
  auto process = start("echo \"<$QUIPU_LISTEN> $(pwd)\"");
  ::unsetenv("QUIPU_LISTEN");
  ASSERT_TRUE(process);
  ASSERT_TRUE(process->wait_for_end(10s));
  EXPECT_EQ(last_lines(directory / "log"), fmt::format("<> {}\n", directory.string()));
}

TEST_F(Process, AProgramThatIsNotThereEndsAtOnce) {
  auto process = ServerProcess::start(
      {.executable = "/nowhere/quipu", .arguments = {}, .working_directory = directory, .log_file = directory / "log"});
  ASSERT_TRUE(process);
  ASSERT_TRUE(process->wait_for_end(10s));
  EXPECT_EQ(process->exit_code(), 127);
}

TEST_F(Process, OnlyTheEndOfALongLogIsQuotedFromTheStartOfALine) {
  std::ofstream out{directory / "log"};
  for (int i = 0; i < 1000; ++i) out << "line " << i << '\n';
  out.close();
  EXPECT_EQ(last_lines(directory / "log", 25), "line 998\nline 999\n");
  EXPECT_EQ(last_lines(directory / "none"), "");
}

}  // namespace
}  // namespace quipu::torture
