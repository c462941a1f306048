// What one group of writes sees and changes. Committer thread only.
#pragma once

#include <string_view>

#include "base/result.h"
#include "storage/overlay.h"

namespace quipu::storage {

class Engine;

// The durable store under the group's own earlier changes.
class WriteGroup {
 public:
  using Mark = Overlay::Mark;

  explicit WriteGroup(Engine& engine) : engine_{engine} {}
  WriteGroup(const WriteGroup&) = delete;
  WriteGroup& operator=(const WriteGroup&) = delete;

  // False: there is no such row. The view holds until the next put, erase or roll_back.
  Result<bool> get(std::string_view key, std::string_view& value);
  void put(std::string_view key, std::string_view value) { overlay_.put(key, value); }
  void erase(std::string_view key) { overlay_.erase(key); }

  // A mark is good until the operation that took it is over.
  Mark mark() const { return overlay_.mark(); }
  void roll_back(Mark mark) { overlay_.roll_back(mark); }

 private:
  friend class Committer;
  Engine& engine_;
  Overlay overlay_;
};

}  // namespace quipu::storage
