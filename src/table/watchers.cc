#include "table/watchers.h"

namespace quipu::table {

void Watchers::add(std::string_view row_key, Watcher& watcher) {
  const std::scoped_lock lock{mutex_};
  auto found = by_row_key_.find(row_key);
  if (found == by_row_key_.end()) found = by_row_key_.emplace(row_key, std::set<Watcher*>{}).first;
  if (found->second.insert(&watcher).second) count_.fetch_add(1, std::memory_order_seq_cst);
}

void Watchers::remove(std::string_view row_key, Watcher& watcher) {
  const std::scoped_lock lock{mutex_};
  const auto found = by_row_key_.find(row_key);
  if (found == by_row_key_.end()) return;
  if (found->second.erase(&watcher) != 0) count_.fetch_sub(1, std::memory_order_seq_cst);
  if (found->second.empty()) by_row_key_.erase(found);
}

void Watchers::tell(std::string_view row_key) noexcept {
  const std::scoped_lock lock{mutex_};
  const auto found = by_row_key_.find(row_key);
  if (found == by_row_key_.end()) return;
  for (Watcher* watcher : found->second) watcher->item_changed();
}

}  // namespace quipu::table
