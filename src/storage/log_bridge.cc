#include "storage/log_bridge.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "base/log.h"

namespace quipu::storage {

namespace {

constexpr std::size_t line_bytes_max = 1'024;  // the rest of a longer one is cut

class LogBridge final : public rocksdb::Logger {
 public:
  explicit LogBridge(rocksdb::InfoLogLevel from) : Logger{from} {}

  using Logger::Logv;
  void Logv(const char* format, std::va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, std::va_list arguments) override {
    if (level < GetInfoLogLevel() || level == rocksdb::InfoLogLevel::HEADER_LEVEL) return;
    std::array<char, line_bytes_max> line;
    const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
    if (length <= 0) return;
    const std::string_view text{line.data()};
    log_event(level >= rocksdb::InfoLogLevel::ERROR_LEVEL ? LogLevel::error : LogLevel::warning, "rocksdb",
              {{"message", text}});
  }
  void LogHeader(const char*, std::va_list) override {}
};

}  // namespace

std::shared_ptr<rocksdb::Logger> make_log_bridge(rocksdb::InfoLogLevel from) {
  return std::make_shared<LogBridge>(from);
}

}  // namespace quipu::storage
