#include "base/metrics.h"

#include <gtest/gtest.h>

namespace quipu {
namespace {

TEST(HistogramTest, BucketHoldsWhatIsAtMostItsBound) {
  Histogram histogram;
  for (const std::uint64_t value : {0, 1, 2, 3, 4, 5, 1024, 1025}) histogram.observe(value);
  EXPECT_EQ(histogram.bucket(0), 2u);   // 0 and 1
  EXPECT_EQ(histogram.bucket(1), 1u);   // 2
  EXPECT_EQ(histogram.bucket(2), 2u);   // 3 and 4
  EXPECT_EQ(histogram.bucket(3), 1u);   // 5
  EXPECT_EQ(histogram.bucket(10), 1u);  // 1024
  EXPECT_EQ(histogram.bucket(11), 1u);  // 1025
  EXPECT_EQ(histogram.sum(), 0u + 1 + 2 + 3 + 4 + 5 + 1024 + 1025);
}

TEST(HistogramTest, WhatIsAboveAllBoundsIsCountedLast) {
  Histogram histogram;
  histogram.observe(std::uint64_t{1} << 31);
  histogram.observe((std::uint64_t{1} << 31) + 1);
  histogram.observe(UINT64_MAX);
  EXPECT_EQ(histogram.bucket(31), 1u);
  EXPECT_EQ(histogram.bucket(Histogram::buckets), 2u);
}

TEST(MetricsTextTest, HeadIsWrittenOnceForEqualNames) {
  MetricsText metrics;
  metrics.counter("requests_total", "Requests answered", 3, "code=\"200\"");
  metrics.counter("requests_total", "Requests answered", 1, "code=\"404\"");
  metrics.gauge("open", "Open connections", 2);
  EXPECT_EQ(metrics.text(),
            "# HELP requests_total Requests answered\n# TYPE requests_total counter\n"
            "requests_total{code=\"200\"} 3\nrequests_total{code=\"404\"} 1\n"
            "# HELP open Open connections\n# TYPE open gauge\nopen 2\n");
}

// Prometheus wants cumulative buckets, and the last one equal to the count.
TEST(MetricsTextTest, HistogramBucketsAddUp) {
  Histogram histogram;
  histogram.observe(1);
  histogram.observe(2);
  histogram.observe(UINT64_MAX / 2);
  MetricsText metrics;
  metrics.histogram("sync_seconds", "Time of a sync", histogram, 1e-6);
  const std::string& text = metrics.text();
  EXPECT_NE(text.find("# TYPE sync_seconds histogram\n"), std::string::npos) << text;
  EXPECT_NE(text.find("sync_seconds_bucket{le=\"1e-06\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("sync_seconds_bucket{le=\"2e-06\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("sync_seconds_bucket{le=\"+Inf\"} 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("sync_seconds_count 3\n"), std::string::npos) << text;
}

TEST(MetricsTextTest, LabelsStandBesideTheBound) {
  Histogram histogram;
  histogram.observe(1);
  MetricsText metrics;
  metrics.histogram("latency", "Latency", histogram, 1, "route=\"a\"");
  EXPECT_NE(metrics.text().find("latency_bucket{route=\"a\",le=\"1\"} 1\n"), std::string::npos) << metrics.text();
  EXPECT_NE(metrics.text().find("latency_sum{route=\"a\"} 1\n"), std::string::npos) << metrics.text();
}

}  // namespace
}  // namespace quipu
