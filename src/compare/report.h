// What the trials of all stores came to: as a table for a terminal, as JSON for scripts, and as a page with charts.
#pragma once

#include <span>
#include <string>

#include "compare/trial.h"

namespace quipu::compare {

struct Circumstances {
  std::string when;     // 2026-03-01 12:00 UTC
  std::string machine;  // "2 cores, Linux 6.1"
  unsigned clients = 0;
  std::chrono::milliseconds duration{};
  std::string version;
};

std::string text_report(std::span<const StoreTrial> trials);
std::string json_report(std::span<const StoreTrial> trials, const Circumstances& circumstances);
std::string html_report(std::span<const StoreTrial> trials, const Circumstances& circumstances);

// What a verdict comes to, in a sentence each.
struct Finding {
  std::string_view question;  // "numbers given twice"
  std::string answer;         // "none", "17"
  bool good = true;
};
std::vector<Finding> findings(const StoreTrial& trial);

// 123456 as 123,456.
std::string with_commas(std::uint64_t number);

}  // namespace quipu::compare
