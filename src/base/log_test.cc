#include "base/log.h"

#include <gtest/gtest.h>

#include <regex.h>

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

}  // namespace
}  // namespace quipu
