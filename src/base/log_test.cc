#include "base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <regex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <future>

namespace quipu {
namespace {

TEST(LogLine, PlainValuesStandAsTheyAre) {
  EXPECT_EQ(format_log_line(LogLevel::info, "listening", {{"address", "127.0.0.1:7070"}, {"threads", 2}}),
            "info listening address=127.0.0.1:7070 threads=2");
}

TEST(LogLine, WithoutFieldsEndsAfterTheEvent) {
  EXPECT_EQ(format_log_line(LogLevel::error, "stopped", {}), "error stopped");
}

TEST(LogLine, EmptyValueIsQuoted) {
  EXPECT_EQ(format_log_line(LogLevel::debug, "e", {{"name", ""}}), "debug e name=\"\"");
}

// What a peer sends must not look like another line or another field.
TEST(LogLine, PeerCannotForgeALine) {
  const std::string line =
      format_log_line(LogLevel::warning, "refused", {{"name", "x\n2026-01-01T00:00:00.000Z info fine"}});
  EXPECT_EQ(line, "warning refused name=\"x\\n2026-01-01T00:00:00.000Z info fine\"");
  EXPECT_EQ(format_log_line(LogLevel::info, "e", {{"a", "1 b=2"}}), "info e a=\"1 b=2\"");
  EXPECT_EQ(format_log_line(LogLevel::info, "e", {{"a", "\"\\\x1b[31m\x7f"}}), "info e a=\"\\\"\\\\\\x1b[31m\\x7f\"");
}

TEST(LogEvent, IsOneLineWithTheTimeInFront) {
  set_log_level(LogLevel::info);
  testing::internal::CaptureStderr();
  log_info("listening", {{"threads", 2}});
  const std::string written = testing::internal::GetCapturedStderr();
  regex_t pattern;
  ASSERT_EQ(regcomp(&pattern,
                    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z info listening threads=2\n$",
                    REG_EXTENDED | REG_NOSUB),
            0);
  EXPECT_EQ(regexec(&pattern, written.c_str(), 0, nullptr, 0), 0) << written;
  regfree(&pattern);
}

TEST(LogEvent, BelowTheLevelNothingIsWritten) {
  set_log_level(LogLevel::error);
  testing::internal::CaptureStderr();
  log_warning("quiet");
  log_error("loud");
  const std::string written = testing::internal::GetCapturedStderr();
  set_log_level(LogLevel::info);
  EXPECT_EQ(written.find("quiet"), std::string::npos);
  EXPECT_NE(written.find("error loud\n"), std::string::npos);
}

// Standard error is a pipe of four pages while this lives.
class SmallPipe {
 public:
  SmallPipe() {
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
    EXPECT_GE(::fcntl(ends_[1], F_SETPIPE_SZ, 4 * PIPE_BUF), 0);
    ::dup2(ends_[1], STDERR_FILENO);
  }
  ~SmallPipe() {
    ::dup2(before_, STDERR_FILENO);
    for (const int each : {before_, ends_[0], ends_[1]}) ::close(each);
  }
  SmallPipe(const SmallPipe&) = delete;
  SmallPipe& operator=(const SmallPipe&) = delete;

  std::string read_all() {
    std::string all;
    std::array<char, PIPE_BUF> bytes{};
    for (pollfd ready{.fd = ends_[0], .events = POLLIN, .revents = 0}; ::poll(&ready, 1, 0) == 1;)
      all.append(bytes.data(), static_cast<std::size_t>(::read(ends_[0], bytes.data(), bytes.size())));
    return all;
  }

 private:
  const int before_ = ::dup(STDERR_FILENO);
  std::array<int, 2> ends_{};
};

// A collector of logs that hung took the server with it: every loop waited for the pipe.
TEST(LogEvent, WaitsForNobodyWhoDoesNotRead) {
  SmallPipe pipe;
  auto writer = std::async(std::launch::async, [] {
    for (int i = 0; i < 1'000; ++i) log_info("event", {{"number", i}});
  });
  const bool waited = writer.wait_for(std::chrono::seconds{10}) != std::future_status::ready;
  std::string kept = pipe.read_all();
  while (waited && writer.wait_for(std::chrono::milliseconds{1}) != std::future_status::ready) pipe.read_all();
  ASSERT_FALSE(waited);
  const auto lines = std::count(kept.begin(), kept.end(), '\n');
  EXPECT_GT(lines, 10);
  EXPECT_NE(kept.find(" number=0\n"), std::string::npos) << kept;

  log_info("after");
  log_info("and_after");
  kept = pipe.read_all();
  const std::size_t dropped = kept.find(fmt::format("Z warning log_lines_dropped count={}\n", 1'000 - lines));
  const std::size_t after = kept.find("Z info after\n");
  ASSERT_NE(dropped, std::string::npos) << kept;
  ASSERT_NE(after, std::string::npos) << kept;
  EXPECT_LT(dropped, after);
  EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), 3) << kept;
}

TEST(LogEvent, ALineThatAPipeMayNotHaveRoomForIsCut) {
  SmallPipe pipe;
  log_info("long", {{"text", std::string(2 * PIPE_BUF, 'x')}});
  const std::string kept = pipe.read_all();
  EXPECT_EQ(kept.size(), PIPE_BUF);
  EXPECT_TRUE(kept.ends_with("xxx ...\n"));
}

TEST(LogEvent, InAFileEveryLineIsWhole) {
  testing::internal::CaptureStderr();
  log_info("long", {{"text", std::string(2 * PIPE_BUF, 'x')}});
  EXPECT_TRUE(testing::internal::GetCapturedStderr().ends_with(std::string(2 * PIPE_BUF, 'x') + "\n"));
}

}  // namespace
}  // namespace quipu
