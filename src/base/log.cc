#include "base/log.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <climits>
#include <ctime>

#include "base/guarded.h"

namespace quipu {

namespace {

std::atomic<LogLevel> level_now{LogLevel::info};
// Since the last line that was written. One thread at a time asks whether there is room and uses it.
Guarded<std::uint64_t> lines_dropped{0};
constexpr std::string_view cut_mark = " ...\n";

std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
    case LogLevel::off: break;
  }
  return "off";
}

bool plain(std::string_view text) {
  for (const char c : text)
    if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=') return false;
  return !text.empty();
}

void append_value(std::string& line, std::string_view text) {
  if (plain(text)) {
    line += text;
    return;
  }
  line.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (c == '\n') {
      line += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      line += fmt::format("\\x{:02x}", byte);
    } else {
      line.push_back(c);
    }
  }
  line.push_back('"');
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, ms % 1000);
}

// A reader that has stopped reading must not stop the loops with it: they wait for nothing here. The descriptor may be
// shared with other programs, so it cannot be made non-blocking; but one that is ready takes PIPE_BUF bytes at once.
bool write_line(std::string line) {
  struct stat about{};
  if (::fstat(STDERR_FILENO, &about) == 0 && !S_ISREG(about.st_mode)) {
    pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
    if (line.size() > PIPE_BUF) line.replace(PIPE_BUF - cut_mark.size(), std::string::npos, cut_mark);
  }
  // One write a line, so that lines of several threads or processes do not mix. A log that cannot be written is no
  // reason to stop serving.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  return true;
}

std::string dropped_line(std::uint64_t count) {
  return timestamp() + ' ' + format_log_line(LogLevel::warning, "log_lines_dropped", {{"count", count}}) + '\n';
}

}  // namespace

void set_log_level(LogLevel level) {
  level_now.store(level, std::memory_order_relaxed);
}
LogLevel log_level() {
  return level_now.load(std::memory_order_relaxed);
}

std::string format_log_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line{name(level)};
  line.push_back(' ');
  line += event;
  for (const auto& field : fields) {
    line.push_back(' ');
    line += field.name;
    line.push_back('=');
    append_value(line, field.value);
  }
  return line;
}

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (level < log_level()) return;
  const std::string line = timestamp() + ' ' + format_log_line(level, event, fields) + '\n';
  lines_dropped.with([&](std::uint64_t& dropped) {
    if (dropped > 0 && write_line(dropped_line(dropped))) dropped = 0;
    if (dropped > 0 || !write_line(line)) ++dropped;
  });
}

}  // namespace quipu
