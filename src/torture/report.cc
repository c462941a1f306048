#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "torture/torture.h"

namespace quipu::torture {

namespace {

// "1,234,567"
std::string with_commas(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (auto i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3)
    text.insert(static_cast<std::size_t>(i), 1, ',');
  return text;
}

std::string how(const TortureReport& report) {
  return report.power_loss ? "power cuts" : "kills (SIGKILL)";
}

void append_result(std::string& text, const TortureReport& report) {
  const auto out = std::back_inserter(text);
  if (report.violations_total > 0) {
    fmt::format_to(out, "FAILED: {} violation(s) after {} whole cycles with {}\n", report.violations_total,
                   report.cycles, how(report));
    for (const auto& what : report.violations) fmt::format_to(out, "  - {}\n", what);
    if (report.violations_total > report.violations.size())
      fmt::format_to(out, "  and {} more\n", report.violations_total - report.violations.size());
    return;
  }
  if (!report.not_tested.empty()) {
    fmt::format_to(out, "FAILED: nothing was wrong, but the run did not test what it should\n");
    for (const auto& what : report.not_tested) fmt::format_to(out, "  - {}\n", what);
    return;
  }
  fmt::format_to(out, "PASSED: none wrong in {} cycles with {}{}\n", with_commas(report.cycles), how(report),
                 report.stopped ? " (stopped before the end)" : "");
  if (report.cycles > 0) {
    fmt::format_to(out,
                   "None wrong in {} cycles bounds the rate of cycles that lose, repeat or double-count below {:.2g} % "
                   "at 95 % confidence (3/N).\n",
                   with_commas(report.cycles), std::min(100.0, 300.0 / static_cast<double>(report.cycles)));
  }
  if (!report.power_loss) {
    fmt::format_to(
        out, "A kill leaves what the kernel has: only --power-loss shows that what is acknowledged was synced.\n");
  }
}

void append_figures(std::string& text, const TortureReport& report) {
  const auto out = std::back_inserter(text);
  const double seconds = std::max(report.elapsed.count(), 1e-3);
  fmt::format_to(
      out, "{} operations judged by the exact checker: {} increments acknowledged ({} in arrays of twins), {} reads\n",
      with_commas(report.operations_checked), with_commas(report.increments_acked), with_commas(report.arrays_acked),
      with_commas(report.reads_answered));
  fmt::format_to(out,
                 "{} kills interrupted operations, {} increments lost their answer there; {} kills while starting; {} "
                 "clean stops\n",
                 with_commas(report.kills_with_operations), with_commas(report.increments_lost),
                 with_commas(report.kills_while_starting), with_commas(report.clean_stops));
  fmt::format_to(
      out, "{} answers dropped by the proxy; {} retries settled; {} repeated requests got their first answer again\n",
      with_commas(report.answers_dropped), with_commas(report.retries_settled), with_commas(report.replays_compared));
  fmt::format_to(out, "seed {}, {:.1f} s, {:.1f} cycles/s\n", report.seed, seconds,
                 static_cast<double>(report.cycles) / seconds);
}

}  // namespace

void TortureReport::add_violation(std::string what) {
  ++violations_total;
  if (violations.size() < violations_reported_max) violations.push_back(std::move(what));
}

std::string verdict(const TortureReport& report) {
  std::string text;
  append_result(text, report);
  append_figures(text, report);
  if (!report.kept_directory.empty())
    text += fmt::format("kept: {} (the data, and the server's log in server.log)\n", report.kept_directory.string());
  if (!report.kept_history.empty())
    text += fmt::format("kept: {} (every operation; judge it again with `quipu torture check-history`)\n",
                        report.kept_history.string());
  return text;
}

}  // namespace quipu::torture
