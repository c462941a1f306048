// Hand-over of work between threads without allocation: many threads push, one takes everything at once, oldest first.
//
// The nodes belong to whoever pushes them and must stay alive, untouched, until the taker is done with them.
#pragma once

#include <atomic>

namespace quipu {

template <class Node>
struct HandoffLink {
  Node* next = nullptr;
};

// Node must have a member `HandoffLink<Node> handoff`.
template <class Node>
class Handoff {
 public:
  // True if there was nothing before: the taker may be asleep, and the pusher has to wake it.
  bool push(Node& node) noexcept {
    Node* head = head_.load(std::memory_order_relaxed);
    do {
      node.handoff.next = head;
    } while (!head_.compare_exchange_weak(head, &node, std::memory_order_seq_cst, std::memory_order_relaxed));
    return head == nullptr;
  }

  // Everything pushed so far as a list in the order it came, or null.
  Node* take() noexcept {
    Node* newest_first = head_.exchange(nullptr, std::memory_order_seq_cst);
    Node* oldest_first = nullptr;
    while (newest_first != nullptr) {
      Node* next = newest_first->handoff.next;
      newest_first->handoff.next = oldest_first;
      oldest_first = newest_first;
      newest_first = next;
    }
    return oldest_first;
  }

  bool empty() const noexcept { return head_.load(std::memory_order_seq_cst) == nullptr; }

 private:
  std::atomic<Node*> head_{nullptr};
};

}  // namespace quipu
