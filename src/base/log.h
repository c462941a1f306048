// The log: one line an event on standard error, made for grep and for machines:
//
//   2026-03-01T12:00:00.123Z info listening address=127.0.0.1:7070 threads=2
//
// Values that hold anything but plain characters are quoted and escaped, so a peer cannot forge a line.
//
// Nothing waits for whoever reads it: where a pipe or a terminal is full, lines are dropped, and the next one that has
// room says how many (log_lines_dropped). What is no file gets lines of at most PIPE_BUF bytes; longer ones are cut.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace quipu {

enum class LogLevel : std::uint8_t { debug, info, warning, error, off };

struct LogField {
  template <class T>
  LogField(std::string_view name_, const T& value_) : name{name_}, value{fmt::format("{}", value_)} {}

  std::string_view name;
  std::string value;
};

// What is below this level is not written. Process-wide, set once by main().
void set_log_level(LogLevel level);
LogLevel log_level();

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

inline void log_info(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::info, event, fields);
}
inline void log_warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::warning, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::error, event, fields);
}

// The line without its time; what log_event writes after it.
std::string format_log_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

}  // namespace quipu
