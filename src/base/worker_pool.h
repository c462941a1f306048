// A few threads for work that may wait for a disk or a peer, so that event loops never do.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace quipu {

class WorkerPool {
 public:
  using Task = std::move_only_function<void()>;

  WorkerPool(unsigned threads, std::size_t queued_max);
  ~WorkerPool() { stop(); }

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, and nothing will happen: the queue is full, or the pool has stopped.
  [[nodiscard]] bool submit(Task task);
  // Does what is queued, and returns when the last task has ended. For an owner whose tasks use what is destroyed
  // before the pool is; not from a task.
  void stop();

 private:
  void run();

  const std::size_t queued_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> queue_;  // protected by mutex_
  bool stopping_ = false;   // protected by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace quipu
