// Where counters live. One interface, so that the same front can stand before the embedded engine or another store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "counter/counter_call.h"
#include "table/watchers.h"

namespace quipu::counter {

inline constexpr std::size_t page_counters_max = 1000;

struct CounterPage {
  struct Entry {
    std::string name;
    std::int64_t value;
  };
  std::vector<Entry> counters;  // sorted by the bytes of their names
  bool more = false;            // others follow the last one
};

class CounterStore {
 public:
  virtual ~CounterStore() = default;

  virtual std::unique_ptr<CounterCall> new_call() = 0;
  // Passes on the calls that were started since the last time; a caller that starts many does so once for all of them.
  virtual void flush() = 0;
};

// A store that also knows which counters it has, and when they change.
class ListedCounters : public CounterStore {
 public:
  // The counters whose names start with `prefix` and come after `after`. May wait for the disk. What is in the table
  // but is no counter is left out.
  virtual Result<CounterPage> list(std::string_view prefix, std::string_view after, std::size_t limit) = 0;

  // The watcher is told after every durable change of the counter, until it is taken away.
  virtual void watch(std::string_view name, table::Watcher& watcher) = 0;
  virtual void unwatch(std::string_view name, table::Watcher& watcher) = 0;
};

}  // namespace quipu::counter
