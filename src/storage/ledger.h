// Runs writes through a Committer, remembers what each was told, and judges what a store holds later. For tests.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "storage/test_support.h"

namespace quipu::storage {

class Ledger {
 public:
  static constexpr std::uint64_t keys = 12;
  static constexpr std::uint64_t value_bytes_max = 3'000;

  // Crowds of up to four writes, about `writes` in all, whatever becomes of them.
  void run(Store& store, SeededRandom& random, std::uint64_t writes) {
    Committer committer{store, {}};
    for (std::uint64_t done = 0; done < writes;) done += run_crowd(committer, random);
  }

  // "", or which acknowledged write is not there.
  std::string check(const Store& store) const {
    for (std::uint64_t i = 0; i < keys; ++i) {
      const std::string key = name(i);
      const std::string found = value_of(store, key);
      const auto row = rows_.find(key);
      const std::string expected = row == rows_.end() ? "(absent)" : row->second.acknowledged;
      if (found == expected) continue;
      if (row != rows_.end() && std::ranges::find(row->second.unknown, found) != row->second.unknown.end()) continue;
      return key + " is " + found.substr(0, 200) + " and must be " + expected.substr(0, 40);
    }
    return "";
  }

  // Checks, and takes what is there for durable from now on.
  std::string settle(const Store& store) {
    std::string wrong = check(store);
    for (auto& [key, row] : rows_) row = {.acknowledged = value_of(store, key), .unknown = {}};
    return wrong;
  }

  std::uint64_t acknowledgements() const { return acknowledgements_; }
  std::uint64_t unknowns() const { return unknowns_; }

 private:
  struct Row {
    std::string acknowledged = "(absent)";
    std::vector<std::string> unknown;  // written after it with an outcome that nobody knows
  };

  static std::string name(std::uint64_t i) { return "key" + std::to_string(i); }

  std::uint64_t run_crowd(Committer& committer, SeededRandom& random) {
    struct Sent {
      std::string key, value;
      std::unique_ptr<TestWrite> write;
    };
    std::vector<Sent> crowd(1 + random.below(4));
    for (Sent& sent : crowd) {
      sent.key = name(random.below(keys));
      sent.value = std::to_string(random()) + std::string(random.below(value_bytes_max), 'v');
      sent.write = std::make_unique<TestWrite>([&sent](WriteGroup& group) { group.put(sent.key, sent.value); });
      committer.enqueue(*sent.write);
    }
    committer.wake();
    for (Sent& sent : crowd) {
      const Committed outcome = sent.write->wait();
      if (outcome == Committed::durable) {
        rows_[sent.key] = {.acknowledged = sent.value, .unknown = {}};
        ++acknowledgements_;
      } else if (outcome == Committed::unknown) {
        rows_[sent.key].unknown.push_back(sent.value);
        ++unknowns_;
      }
    }
    return crowd.size();
  }

  std::map<std::string, Row> rows_;
  std::uint64_t acknowledgements_ = 0;
  std::uint64_t unknowns_ = 0;
};

}  // namespace quipu::storage
