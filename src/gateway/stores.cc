#include "gateway/stores.h"

#include <algorithm>

namespace quipu::gateway {

void Stores::add(std::string_view name, counter::CounterStore& counters) {
  Store& store = stores_.emplace_back();
  store.index = stores_.size() - 1;
  store.name = name;
  store.counters = &counters;
}

void Stores::add_missing(std::string_view name, std::string_view turn_on) {
  Store& store = stores_.emplace_back();
  store.index = stores_.size() - 1;
  store.name = name;
  store.turn_on = turn_on;
}

Result<Store*> Stores::find(std::string_view name) {
  const auto found = std::ranges::find(stores_, name, &Store::name);
  if (found == stores_.end()) {
    std::string names;
    for (const Store& store : stores_) names += (names.empty() ? "" : ", ") + store.name;
    return fail(ErrorCode::not_found, "there is no store {:?}; there are: {}", name, names);
  }
  if (found->counters == nullptr)
    return fail(ErrorCode::not_found, "the store {} is not set up; {}", name, found->turn_on);
  return &*found;
}

bool Stores::knows(std::string_view name) const {
  return std::ranges::find(stores_, name, &Store::name) != stores_.end();
}

void Stores::flush() {
  for (Store& store : stores_)
    if (store.counters != nullptr) store.counters->flush();
}

}  // namespace quipu::gateway
