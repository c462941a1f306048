// The one writer. Many threads submit operations; one thread takes everything that is queued, lets each operation read
// and change in order, writes all of it in one batch, syncs once, and only then tells all of them. So there is no lock
// on a row, no conflict, and a crowd shares one sync.
//
// Rows of a group are coalesced: only the last value of a row is written, so a hot key costs one row a group.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/handoff.h"
#include "base/metrics.h"
#include "base/result.h"
#include "storage/store.h"
#include "storage/write_group.h"

namespace quipu::storage {

enum class Committed : std::uint8_t {
  durable,      // written and synced, or there was nothing to write
  no_space,     // refused before anything was written: the disk is nearly full
  unavailable,  // refused before anything was written: the queue is full, or the store has failed before
  unknown,      // the write or the sync failed: nobody knows what a restart will find
};

// One atomic operation. It belongs to whoever submits it, who keeps it alive and untouched until finish().
class Write {
 public:
  virtual ~Write() = default;
  // On the committer thread: read, decide, put. To have no effect, roll back to the mark taken at entry.
  virtual void apply(WriteGroup& group) = 0;
  // On the committer thread, after the sync, exactly once. The write may be destroyed or submitted again inside.
  virtual void finish(Committed outcome) noexcept = 0;
  // True: what it changes takes effect in finish(), so that what comes after it must not be decided before that.
  virtual bool ends_group() const { return false; }
  // True: it goes on for longer when the disk runs full, because it frees space, or is small and reads depend on it.
  virtual bool may_use_reserve() const { return false; }

  HandoffLink<Write> handoff;
};

struct CommitterLimits {
  std::size_t writes_queued_max = 65'536;  // more than this waiting: the newest are refused
  std::size_t group_writes_max = 4'096;
  std::size_t group_bytes_max = 8_MiB;  // a group is closed once its changes reach this
};

struct CommitterFigures {
  explicit CommitterFigures(const Histogram& log_sync_microseconds) : sync_microseconds{log_sync_microseconds} {}

  Histogram writes_per_group;
  Histogram commit_microseconds;       // from the first apply of a group to its being durable
  const Histogram& sync_microseconds;  // of the log alone
  Counter groups;
  Counter writes;
  Counter rows;
  Counter refused_queue_full;
  Counter refused_no_space;
  Counter unknown;
};

class Committer {
 public:
  // `on_failure` is called once, on the committer thread, after everyone in the failed group was told `unknown`. The
  // program is to exit then: only opening the store again can tell what is durable.
  Committer(Store& store, std::function<void(const Error&)> on_failure, const CommitterLimits& limits = {});
  ~Committer();  // commits what is queued, then stops; nobody may submit any more

  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  void submit(Write& write) {
    enqueue(write);
    wake();
  }
  // For a thread that submits a crowd and wakes the committer once, at the end of its turn; for nothing, if it
  // submitted none: a thread that sleeps costs its waker a system call, and a core the switch to it.
  void enqueue(Write& write) { queue_.push(write); }
  void wake() {
    if (!queue_.empty()) rouse();
  }

  const CommitterFigures& figures() const { return figures_; }

 private:
  struct Pending;  // taken from the queue, oldest first

  void run();
  void rouse();
  void sleep();
  void take(Pending& pending);
  void refuse_overflow(Pending& pending);
  void commit_group(Pending& pending);
  Committed write_group();
  void observe_group(MonotonicTime begin, std::size_t writes, Committed outcome);
  void report_failure();

  Engine& engine_;
  const std::function<void(const Error&)> on_failure_;
  const CommitterLimits limits_;
  CommitterFigures figures_;
  Handoff<Write> queue_;
  std::atomic<std::uint32_t> asleep_{0};  // 1: the committer waits on this word (futex)
  std::atomic<bool> stopping_{false};
  bool failure_reported_ = false;
  WriteGroup group_;
  std::unique_ptr<class GroupBatch> batch_;
  std::jthread thread_;  // last: starts when all is ready
};

}  // namespace quipu::storage
