// Who wants to know when an item changes. Told after the change is durable, never before.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace quipu::table {

class Watcher {
 public:
  virtual ~Watcher() = default;
  // On the committer thread, with the watchers' lock held: hand over and return.
  virtual void item_changed() noexcept = 0;
};

class Watchers {
 public:
  void add(std::string_view row_key, Watcher& watcher);
  // When it returns, `watcher` is not being told and will not be told again.
  void remove(std::string_view row_key, Watcher& watcher);

  // A read-modify-write, because it must not move before the store of the value that is now durable: a watcher adds
  // itself first and reads after, the committer publishes first and asks after.
  bool none() noexcept { return count_.fetch_add(0, std::memory_order_seq_cst) == 0; }
  void tell(std::string_view row_key) noexcept;

 private:
  std::mutex mutex_;
  std::map<std::string, std::set<Watcher*>, std::less<>> by_row_key_;  // protected by mutex_
  std::atomic<std::size_t> count_{0};                                  // so that a write without watchers takes no lock
};

}  // namespace quipu::table
