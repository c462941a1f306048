#include "base/worker_pool.h"

#include "base/assert.h"

namespace quipu {

WorkerPool::WorkerPool(unsigned threads, std::size_t queued_max) : queued_max_{queued_max} {
  QUIPU_ASSERT(threads > 0 && queued_max > 0, "{} threads, {} tasks", threads, queued_max);
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

void WorkerPool::stop() {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  threads_.clear();  // joins each
}

bool WorkerPool::submit(Task task) {
  {
    const std::scoped_lock lock{mutex_};
    if (stopping_ || queue_.size() >= queued_max_) return false;
    queue_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

void WorkerPool::run() {
  for (;;) {
    Task task;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace quipu
