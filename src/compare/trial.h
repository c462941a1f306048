// What one store is put through: the same for all of them.
//
//   unconditional   increments of a hot counter, as fast as the clients can
//   conditional     the same with a maximum that is far away
//   many            unconditional, of many counters, and no two clients at the same counter at once
//   maximum         many clients at counters that may reach a small number: exactly so many may succeed
//   retries         answers are lost on the way; each call is repeated with its key until it is answered
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compare/load.h"

namespace quipu::compare {

struct Verdict {
  std::uint64_t duplicates = 0;        // numbers that two clients were given
  std::uint64_t lost = 0;              // acknowledged increments that the counter does not show in the end
  std::uint64_t handed_to_nobody = 0;  // numbers used up beyond those that a lost answer explains
  std::uint64_t out_of_order = 0;      // answers that contradict the order in which they were asked for
  std::uint64_t overshot = 0;          // increments that succeeded beyond the maximum
  std::uint64_t undershot = 0;         // that were refused although the maximum was not reached
  bool takes_keys = true;              // a retry can be told from a new call
  std::uint64_t answers_lost = 0;      // on purpose
  std::uint64_t double_counted = 0;    // retries that counted again
  std::string example;                 // of the first thing that is wrong
  std::string not_judged;              // the first thing that could not be looked at, and why; empty: there is none

  // Nothing that was looked at is wrong.
  bool nothing_wrong() const {
    return duplicates + lost + handed_to_nobody + out_of_order + overshot + undershot + double_counted == 0;
  }
  bool good() const { return nothing_wrong() && not_judged.empty(); }
};

struct StoreTrial {
  std::string name;
  std::string server;
  std::string durability;
  std::vector<std::string> warnings;
  std::string error;  // it could not be tried: nothing below counts
  LoadResult unconditional;
  LoadResult conditional;
  LoadResult many_counters;
  Verdict verdict;

  struct Load {
    std::string_view phase;
    const LoadResult& result;
  };
  std::array<Load, 3> loads() const {
    return {{{"unconditional", unconditional}, {"conditional", conditional}, {"many counters", many_counters}}};
  }
};

struct TrialOptions {
  unsigned clients = 64;
  std::chrono::milliseconds duration{5'000};
  std::string prefix;  // of the names of all counters
  std::function<void(std::string_view phase, std::uint64_t done, double seconds)> progress;
  // A call on which a verdict hangs is repeated for so long. Enough for a store that is looked for again and again.
  std::chrono::milliseconds patience{30'000};
};

// A way to the same store on which answers are lost now and then.
struct LossyWay {
  counter::CounterStore* store = nullptr;  // null: there is none, so answers are thrown away here
  std::function<std::uint64_t()> answers_lost = {};
};

void run_trial(counter::CounterStore& store, const LossyWay& lossy, const TrialOptions& options, StoreTrial& trial);

}  // namespace quipu::compare
