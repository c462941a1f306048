// The stores that a request can name: our own, and those that others keep.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/result.h"
#include "counter/counter_store.h"

namespace quipu::gateway {

struct StoreFigures {
  Counter requests;
  Counter limits_reached;
  Counter conflicts;        // races that the caller was told of
  Counter refused;          // for being wrong, or something else than a counter
  Counter failed;           // the store did not do it
  Counter outcome_unknown;  // nor is it known whether it did
  Counter throttled;        // over a usage plan's limits
  Counter completed;        // requests less these are under way now
  Counter values;           // the sum of what increments answered
  Histogram latency_microseconds;
};

struct Store {
  std::size_t index = 0;
  std::string name;
  counter::CounterStore* counters = nullptr;  // null: it is known, but has no settings
  std::string turn_on;                        // then: what to set
  StoreFigures figures = {};
};

class Stores {
 public:
  static constexpr std::string_view local_name = "local";

  // Before the first request; what is added must outlive it.
  void add(std::string_view name, counter::CounterStore& counters);
  void add_missing(std::string_view name, std::string_view turn_on);

  Store& local() { return stores_.front(); }
  // `not_found` says which there are, or what to set.
  Result<Store*> find(std::string_view name);
  // Is there a store of that name, whether it has settings or not?
  bool knows(std::string_view name) const;

  const std::deque<Store>& all() const { return stores_; }
  void flush();

 private:
  std::deque<Store> stores_;
};

}  // namespace quipu::gateway
