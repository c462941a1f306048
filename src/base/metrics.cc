#include "base/metrics.h"

#include <fmt/core.h>

#include <bit>
#include <cmath>

namespace quipu {

void Histogram::observe(std::uint64_t value) noexcept {
  const std::size_t i = value <= 1 ? 0 : static_cast<std::size_t>(std::bit_width(value - 1));
  counts_[i < buckets ? i : buckets].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

void MetricsText::head(std::string_view name, std::string_view help, std::string_view type) {
  if (last_name_ == name) return;
  last_name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

namespace {

std::string braces(std::string_view labels) {
  return labels.empty() ? std::string{} : fmt::format("{{{}}}", labels);
}

}  // namespace

void MetricsText::counter(std::string_view name, std::string_view help, std::uint64_t value, std::string_view labels) {
  head(name, help, "counter");
  text_ += fmt::format("{}{} {}\n", name, braces(labels), value);
}

void MetricsText::gauge(std::string_view name, std::string_view help, double value, std::string_view labels) {
  head(name, help, "gauge");
  text_ += fmt::format("{}{} {}\n", name, braces(labels), value);
}

void MetricsText::histogram(std::string_view name, std::string_view help, const Histogram& histogram, double unit,
                            std::string_view labels) {
  head(name, help, "histogram");
  const std::string separator = labels.empty() ? "" : ",";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < Histogram::buckets; ++i) {
    total += histogram.bucket(i);
    text_ += fmt::format("{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, separator,
                         std::ldexp(unit, static_cast<int>(i)), total);
  }
  total += histogram.bucket(Histogram::buckets);
  text_ += fmt::format("{}_bucket{{{}{}le=\"+Inf\"}} {}\n", name, labels, separator, total);
  text_ += fmt::format("{}_sum{} {}\n", name, braces(labels), static_cast<double>(histogram.sum()) * unit);
  text_ += fmt::format("{}_count{} {}\n", name, braces(labels), total);
}

}  // namespace quipu
