#include "torture/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <string>

namespace quipu::torture {

namespace {

using namespace std::chrono_literals;

constexpr auto terminal_interval = 200ms;
constexpr auto line_interval = 5s;

}  // namespace

Progress::Progress(std::FILE* out)
    : out_{out},
      terminal_{out != nullptr && ::isatty(::fileno(out)) == 1},
      begin_{std::chrono::steady_clock::now()},
      next_{begin_ + (terminal_ ? 0s : line_interval)} {}

void Progress::show(const TortureReport& report) {
  const auto now = std::chrono::steady_clock::now();
  if (out_ == nullptr || now < next_) return;
  next_ = now + (terminal_ ? std::chrono::milliseconds{terminal_interval} : std::chrono::milliseconds{line_interval});
  print(report);
}

void Progress::finish(const TortureReport& report) {
  if (out_ == nullptr) return;
  print(report);
  if (terminal_) std::fputc('\n', out_);
}

void Progress::print(const TortureReport& report) {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
  const std::string line = fmt::format(
      "{} cycles, {} increments acknowledged, {} lost at kills, {} kills under load, {} violations, {:.1f} cycles/s",
      report.cycles, report.increments_acked, report.increments_lost, report.kills_with_operations,
      report.violations_total, static_cast<double>(report.cycles) / std::max(elapsed.count(), 1e-3));
  fmt::print(out_, "{}{}{}", terminal_ ? "\r\x1b[K" : "", line, terminal_ ? "" : "\n");
  std::fflush(out_);
}

}  // namespace quipu::torture
