// Where counters live. One interface, so that the same front can stand before the embedded engine or another store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "counter/counter_call.h"
#include "table/key_codec.h"
#include "table/watchers.h"

namespace quipu::counter {

inline constexpr std::size_t page_counters_max = 1000;
// A page ends after so many items, whether they are counters or not: the table may hold anything.
inline constexpr std::size_t page_items_max = 10'000;
inline constexpr std::size_t page_bytes_max = 8_MiB;
inline constexpr std::size_t page_next_bytes_max = table::key_codec::partition_key_bytes_max;

struct CounterPage {
  struct Entry {
    std::string name;
    std::int64_t value;
  };
  std::vector<Entry> counters;      // sorted by the bytes of their names
  std::optional<std::string> next;  // of the last item that was looked at; nothing at the end
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
  // The counters whose names start with `prefix` and come after `after`, a page of them: at most `limit`, but also
  // fewer, or none, where more follow. May wait for the disk. What is in the table but is no counter is left out.
  virtual Result<CounterPage> list(std::string_view prefix, std::string_view after, std::size_t limit) = 0;

  // The watcher is told after every durable change of the counter, until it is taken away.
  virtual void watch(std::string_view name, table::Watcher& watcher) = 0;
  virtual void unwatch(std::string_view name, table::Watcher& watcher) = 0;
};

}  // namespace quipu::counter
