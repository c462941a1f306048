#include "remote/joint_call.h"

#include "base/assert.h"

namespace quipu::remote {

using counter::CallKind;
using counter::CallOutcome;

bool is_bare_increment(const RemoteCall& call) {
  return call.kind() == CallKind::increment && call.marker().empty();
}

bool JointCall::add(RemoteCall& part) {
  const RemoteCall& so_far = call();
  if (!is_bare_increment(part) || !is_bare_increment(so_far)) return false;
  const RemoteCall::Item& item = part.asked();
  const RemoteCall::Item& sum = so_far.asked();
  QUIPU_ASSERT(part.counter() == so_far.counter(), "{:?} is not {:?}", part.counter(), so_far.counter());
  if (part.limit().up != so_far.limit().up || item.max != sum.max || item.min != sum.min) return false;
  std::int64_t by = 0;
  std::int64_t bound = 0;
  // A bound is the limit less what is added, and must be a number too.
  if (__builtin_add_overflow(sum.by, item.by, &by)) return false;
  if (__builtin_sub_overflow(so_far.limit().bound, item.by, &bound)) return false;
  if (parts_.size() == 1) {
    sum_.begin(CallKind::increment);
    RemoteCall::Item& fresh = sum_.add(part.counter());
    fresh.max = item.max;
    fresh.min = item.min;
  }
  sum_.items_[0].by = by;
  const auto ready = sum_.prepare();
  QUIPU_ASSERT(ready.has_value() && sum_.limit().bound == bound);
  parts_.push_back(&part);
  return true;
}

std::vector<RemoteCall*> JointCall::answer() {
  if (parts_.size() == 1) return {};
  QUIPU_ASSERT(sum_.answered(), "a link forgot a call on {:?}", sum_.counter());
  const std::int64_t value = sum_.asked().value;
  std::vector<RemoteCall*> again;
  std::int64_t part_value = value - sum_.asked().by;  // of those that are done, one after the other
  for (RemoteCall* part : parts_) {
    switch (sum_.outcome()) {
      case CallOutcome::done:
        part_value += part->asked().by;
        part->done(part_value);
        break;
      case CallOutcome::max_reached:
      case CallOutcome::min_reached: {
        const RemoteCall::Limit& limit = part->limit();
        const bool allowed = limit.up ? value <= limit.bound : value >= limit.bound;
        if (allowed)
          again.push_back(part);
        else
          part->limit_reached(value);
        break;
      }
      case CallOutcome::failed: part->failed(sum_.error()); break;
      case CallOutcome::value_differs:
      case CallOutcome::not_a_counter: part->refused(sum_.outcome(), value); break;
    }
  }
  return again;
}

}  // namespace quipu::remote
