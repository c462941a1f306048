// Several bare increments of one counter as one: a sum that the store adds in one atomic step. Each of them gets the
// value that it would have had, had they come one behind the other.
#pragma once

#include <vector>

#include "remote/remote_call.h"

namespace quipu::remote {

// Whether it may be a part of a sum at all. A call with a marker has an effect of its own, which may come again.
bool is_bare_increment(const RemoteCall& call);

class JointCall {
 public:
  // Any call, as long as it stays the only one.
  JointCall(RemoteCounters& store, RemoteCall& first) : sum_{store}, parts_{&first} {}

  // One more of the same counter. False: it does not go together with the others, because one of them is no bare
  // increment, it counts the other way, has another limit, or the sum would be too large.
  bool add(RemoteCall& part);

  // What a link is given to do: the sum, or the only part.
  RemoteCall& call() { return parts_.size() == 1 ? *parts_.front() : sum_; }
  const std::vector<RemoteCall*>& parts() const { return parts_; }

  // Afterwards: every part is answered, except for those, given here, that the limit allows although it did not allow
  // the sum. They are to be asked for one by one.
  std::vector<RemoteCall*> answer();

 private:
  RemoteCall sum_;
  std::vector<RemoteCall*> parts_;
};

}  // namespace quipu::remote
