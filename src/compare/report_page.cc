// The report as one HTML file: no script, nothing loaded from elsewhere, so that it can be mailed and kept.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "compare/report.h"

namespace quipu::compare {

namespace {

constexpr double chart_width = 520;
constexpr double label_width = 190;
constexpr double bar_height = 20;
constexpr double row_height = 28;

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fbfaf7; --line: #d8d4ca; --one: #2f6f9f; --two: #c9813b;
  --good: #2d7a46; --bad: #b3372f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e4df; --paper: #16191e; --line: #3a3f48; --one: #6aaedb;
  --two: #e0a262; --good: #6cc08a; --bad: #f08a80; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.when { opacity: .75; margin-top: .2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem;
  border-bottom: 1px solid var(--line); vertical-align: top; } td.n, th.n { text-align: right;
  font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } .good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
.one { fill: var(--one); } .two { fill: var(--two); }
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

struct Bar {
  std::string label;
  double value;
  std::string shown;
  std::string_view color;  // a class of the style
};

enum class Scale : bool { linear, logarithmic };

std::string chart(const std::vector<Bar>& bars, Scale scale) {
  double largest = 1;
  for (const Bar& bar : bars) largest = std::max(largest, bar.value);
  const auto length = [&](double value) {
    if (value <= 0) return 0.0;
    const double share = scale == Scale::linear ? value / largest : std::log10(1 + value) / std::log10(1 + largest);
    return std::max(1.0, share * chart_width);
  };
  const double height = row_height * static_cast<double>(bars.size());
  const double width = label_width + chart_width + 110;
  std::string svg =
      fmt::format("<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\">\n", width, height);
  double y = 0;
  for (const Bar& bar : bars) {
    const double middle = y + bar_height / 2 + 5;
    svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", label_width - 8, middle,
                       escaped(bar.label));
    svg += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" rx=\"2\"/>", bar.color,
                       label_width, y, length(bar.value), bar_height);
    svg +=
        fmt::format("<text x=\"{:.1f}\" y=\"{}\">{}</text>\n", label_width + length(bar.value) + 6, middle, bar.shown);
    y += row_height;
  }
  return svg + "</svg>\n";
}

std::string throughput_chart(std::span<const StoreTrial> trials) {
  std::vector<Bar> bars;
  for (const StoreTrial& trial : trials) {
    if (!trial.error.empty()) continue;
    for (const auto& [phase, load] : trial.loads())
      bars.push_back({.label = fmt::format("{} {}", trial.name, phase),
                      .value = load.per_second(),
                      .shown = with_commas(static_cast<std::uint64_t>(load.per_second())),
                      .color = &load == &trial.unconditional ? "one" : "two"});
  }
  return chart(bars, Scale::linear);
}

std::string latency_chart(std::span<const StoreTrial> trials) {
  std::vector<Bar> bars;
  for (const StoreTrial& trial : trials) {
    if (!trial.error.empty()) continue;
    for (const auto& [share, name] : {std::pair{0.5, "p50"}, {0.99, "p99"}, {0.999, "p99.9"}}) {
      const double ms = trial.unconditional.latency_us(share) / 1000.0;
      bars.push_back({.label = fmt::format("{} {}", trial.name, name),
                      .value = ms,
                      .shown = fmt::format("{:.2f} ms", ms),
                      .color = share == 0.5 ? "one" : "two"});
    }
  }
  return chart(bars, Scale::logarithmic);
}

std::string figures_table(std::span<const StoreTrial> trials) {
  std::string html =
      "<div class=\"wide\"><table><tr><th>store</th><th>increments</th><th class=\"n\">a second</th>"
      "<th class=\"n\">p50 ms</th><th class=\"n\">p99 ms</th><th class=\"n\">p99.9 ms</th><th class=\"n\">errors</th>"
      "<th class=\"n\">outcome unknown</th></tr>\n";
  for (const StoreTrial& trial : trials) {
    if (!trial.error.empty()) continue;
    for (const auto& [phase, load] : trial.loads())
      html += fmt::format(
          "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{:.2f}</td><td class=\"n\">{:.2f}</td>"
          "<td class=\"n\">{:.2f}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
          escaped(trial.name), phase, with_commas(static_cast<std::uint64_t>(load.per_second())),
          load.latency_us(0.5) / 1000.0, load.latency_us(0.99) / 1000.0, load.latency_us(0.999) / 1000.0,
          with_commas(load.failed + load.conflicts), with_commas(load.unknown));
  }
  return html + "</table></div>\n";
}

std::string_view summary_of(const StoreTrial& trial) {
  if (!trial.error.empty()) return "not tried";
  if (!trial.verdict.nothing_wrong()) return "wrong numbers";
  return trial.verdict.good() ? "every number counted once" : "not judged";
}

std::string verdict_of(const StoreTrial& trial) {
  const bool good = trial.error.empty() && trial.verdict.good();
  std::string html = fmt::format("<h2>{}: <span class=\"{}\">{}</span></h2>\n", escaped(trial.name),
                                 good ? "good" : "bad", summary_of(trial));
  if (!trial.error.empty()) return html + fmt::format("<p>{}</p>\n", escaped(trial.error));
  html += fmt::format("<p>{}</p>\n<div class=\"wide\"><table>\n", escaped(trial.server));
  for (const Finding& finding : findings(trial))
    html += fmt::format("<tr><td>{}</td><td class=\"{}\">{}</td></tr>\n", finding.question, finding.good ? "" : "bad",
                        escaped(finding.answer));
  html += "</table></div>\n";
  if (!trial.verdict.example.empty())
    html += fmt::format("<p class=\"bad\">For instance: {}</p>\n", escaped(trial.verdict.example));
  for (const std::string& warning : trial.warnings) html += fmt::format("<p class=\"bad\">{}</p>\n", escaped(warning));
  return html;
}

}  // namespace

std::string html_report(std::span<const StoreTrial> trials, const Circumstances& circumstances) {
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>One counter, {0}</title><style>{1}</style></head><body>\n"
      "<h1>One counter, {0}</h1>\n<p class=\"when\">{2}; {3}; {4} clients, {5:.0f} s each; Quipu {6}</p>\n",
      trials.size() == 1 ? "one store" : fmt::format("{} stores", trials.size()), style, escaped(circumstances.when),
      escaped(circumstances.machine), circumstances.clients, static_cast<double>(circumstances.duration.count()) / 1000,
      escaped(circumstances.version));
  html += "<h2>Increments a second, of one counter and of many</h2>\n" + throughput_chart(trials);
  html += "<h2>Time to the answer, unconditional (logarithmic)</h2>\n" + latency_chart(trials);
  html += "<h2>Figures</h2>\n" + figures_table(trials);
  for (const StoreTrial& trial : trials) html += verdict_of(trial);
  return html + "</body></html>\n";
}

}  // namespace quipu::compare
