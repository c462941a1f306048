// The stores that the settings turn on, each by its name in routes: redis, docdb, tidb, dynamo, momento.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.h"
#include "gateway/stores.h"
#include "remote/link.h"
#include "remote/remote_counters.h"

namespace quipu::app {

struct StoreChoice {
  std::string_view name;
  std::unique_ptr<remote::Remote> remote;  // null: it is off
  std::string_view turn_on;                // what would turn it on
};

// All of them, whether on or off. An error: settings that cannot work, or a file that cannot be read.
Result<std::vector<StoreChoice>> choose_stores(const StoreSettings& settings);

class RemoteStores {
 public:
  explicit RemoteStores(std::vector<StoreChoice> choices);

  void add_to(gateway::Stores& stores) const;

 private:
  struct Entry {
    std::string_view name;
    std::unique_ptr<remote::RemoteCounters> counters;
    std::string_view turn_on;
  };
  std::vector<Entry> entries_;
};

Result<RemoteStores> open_remote_stores(const StoreSettings& settings);

}  // namespace quipu::app
