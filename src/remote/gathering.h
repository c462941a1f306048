// What changes one counter is done by its store one after the other anyway. So only some of it is under way at once,
// and the rest waits here: a counter that everybody wants does not hold all links, which others could use. Bare
// increments that wait go along with the next one (joint_call.h), so that many calls cost the store a few steps.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "remote/joint_call.h"

namespace quipu::remote {

// Of bare increments. More than one, so that an answer that is long in coming does not hold up all.
inline constexpr unsigned steps_of_a_counter_max = 2;
// An answer that is lost is lost for all of them.
inline constexpr std::size_t joint_parts_max = 256;

class Gathering {
 public:
  // True: it may go, until ended() is told, because fewer than `most` of its counter are under way. False: it waits
  // here.
  bool may_go(RemoteCall& call, unsigned most);
  // One that may go is about to: adds those who wait, and go together with it.
  void gather(JointCall& joint);
  // One that could go is at its end. Who may go now, if anybody waits.
  RemoteCall* ended(std::string_view counter);

  std::size_t waiting() const { return waiting_; }
  // Those who wait; they do so no more.
  std::vector<RemoteCall*> release_all();

 private:
  struct Counter {
    unsigned under_way = 0;
    std::vector<RemoteCall*> waiting;  // the first to come first
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  void remove_first(Counter& counter, std::size_t count);

  std::unordered_map<std::string, Counter, Hash, std::equal_to<>> counters_;  // those with something under way
  std::size_t waiting_ = 0;
};

}  // namespace quipu::remote
