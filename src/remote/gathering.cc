#include "remote/gathering.h"

#include "base/assert.h"

namespace quipu::remote {

bool Gathering::may_go(RemoteCall& call, unsigned most) {
  auto found = counters_.find(call.counter());
  if (found == counters_.end()) found = counters_.try_emplace(std::string{call.counter()}).first;
  Counter& counter = found->second;
  if (counter.under_way < most) {
    ++counter.under_way;
    return true;
  }
  counter.waiting.push_back(&call);
  ++waiting_;
  return false;
}

void Gathering::gather(JointCall& joint) {
  const auto found = counters_.find(joint.call().counter());
  QUIPU_ASSERT(found != counters_.end(), "{:?} is not under way", joint.call().counter());
  Counter& counter = found->second;
  std::size_t taken = 0;
  while (taken < counter.waiting.size() && joint.parts().size() < joint_parts_max && joint.add(*counter.waiting[taken]))
    ++taken;
  remove_first(counter, taken);
}

RemoteCall* Gathering::ended(std::string_view name) {
  const auto found = counters_.find(name);
  QUIPU_ASSERT(found != counters_.end() && found->second.under_way > 0, "{:?} is not under way", name);
  Counter& counter = found->second;
  if (counter.waiting.empty()) {
    if (--counter.under_way == 0) counters_.erase(found);
    return nullptr;
  }
  RemoteCall* next = counter.waiting.front();
  remove_first(counter, 1);
  return next;
}

void Gathering::remove_first(Counter& counter, std::size_t count) {
  counter.waiting.erase(counter.waiting.begin(), counter.waiting.begin() + static_cast<std::ptrdiff_t>(count));
  waiting_ -= count;
}

std::vector<RemoteCall*> Gathering::release_all() {
  std::vector<RemoteCall*> released;
  for (auto& [name, counter] : counters_) {
    released.insert(released.end(), counter.waiting.begin(), counter.waiting.end());
    counter.waiting.clear();
  }
  waiting_ = 0;
  return released;
}

}  // namespace quipu::remote
