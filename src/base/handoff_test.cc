#include "base/handoff.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

namespace quipu {
namespace {

struct Node {
  int pusher = 0;
  int number = 0;
  HandoffLink<Node> handoff;
};

std::vector<int> numbers(Node* list) {
  std::vector<int> result;
  for (; list != nullptr; list = list->handoff.next) result.push_back(list->number);
  return result;
}

TEST(HandoffTest, OldestIsTakenFirst) {
  Handoff<Node> handoff;
  std::array<Node, 3> nodes{{{0, 1, {}}, {0, 2, {}}, {0, 3, {}}}};
  for (Node& node : nodes) handoff.push(node);
  EXPECT_EQ(numbers(handoff.take()), (std::vector{1, 2, 3}));
  EXPECT_EQ(handoff.take(), nullptr);
}

TEST(HandoffTest, OnlyTheFirstPusherHasToWake) {
  Handoff<Node> handoff;
  Node a;
  Node b;
  EXPECT_TRUE(handoff.empty());
  EXPECT_TRUE(handoff.push(a));
  EXPECT_FALSE(handoff.push(b));
  EXPECT_FALSE(handoff.empty());
  handoff.take();
  EXPECT_TRUE(handoff.empty());
  EXPECT_TRUE(handoff.push(a));
}

// Every node arrives exactly once, and each pusher's own in its order.
TEST(HandoffTest, ManyPushersLoseNothing) {
  constexpr int pushers = 4;
  constexpr int nodes_each = 20'000;
  std::vector<std::vector<Node>> nodes(pushers, std::vector<Node>(nodes_each));
  Handoff<Node> handoff;
  {
    std::vector<std::jthread> threads;
    threads.reserve(pushers);
    for (int pusher = 0; pusher < pushers; ++pusher) {
      threads.emplace_back([&handoff, &mine = nodes[static_cast<std::size_t>(pusher)], pusher] {
        for (int i = 0; i < nodes_each; ++i) {
          Node& node = mine[static_cast<std::size_t>(i)];
          node.pusher = pusher;
          node.number = i;
          handoff.push(node);
        }
      });
    }
    std::array<int, pushers> next{};
    for (int taken = 0; taken < pushers * nodes_each;) {
      Node* list = handoff.take();
      if (list == nullptr) std::this_thread::yield();
      for (; list != nullptr; list = list->handoff.next, ++taken)
        ASSERT_EQ(list->number, next[static_cast<std::size_t>(list->pusher)]++);
    }
  }
  EXPECT_TRUE(handoff.empty());
}

}  // namespace
}  // namespace quipu
