// Figures for /metrics in the Prometheus text format. A part keeps Counter and Histogram members where it works, and
// writes them out when asked; nothing is registered anywhere.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace quipu {

class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Observations in buckets whose upper bounds are powers of two; bucket i holds what is at most 2^i units.
class Histogram {
 public:
  static constexpr std::size_t buckets = 32;

  void observe(std::uint64_t value) noexcept;

  std::uint64_t bucket(std::size_t i) const noexcept { return counts_[i].load(std::memory_order_relaxed); }
  std::uint64_t sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<std::uint64_t>, buckets + 1> counts_{};  // the last one: above the largest bound
  std::atomic<std::uint64_t> sum_{0};
};

class MetricsText {
 public:
  // `labels` as they stand between the braces, for instance `code="200"`, or empty. The HELP and TYPE lines are written
  // once for each run of equal names.
  void counter(std::string_view name, std::string_view help, std::uint64_t value, std::string_view labels = {});
  void gauge(std::string_view name, std::string_view help, double value, std::string_view labels = {});
  // `unit` is what one observed unit is in the base unit of the metric: 1e-6 for microseconds shown as seconds.
  void histogram(std::string_view name, std::string_view help, const Histogram& histogram, double unit = 1,
                 std::string_view labels = {});

  const std::string& text() const { return text_; }

 private:
  void head(std::string_view name, std::string_view help, std::string_view type);

  std::string text_;
  std::string last_name_;
};

}  // namespace quipu
