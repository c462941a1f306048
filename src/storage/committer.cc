#include "storage/committer.h"

#include <linux/futex.h>
#include <rocksdb/write_batch.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <utility>

#include "base/log.h"
#include "storage/engine.h"
#include "storage/rocks_options.h"

namespace quipu::storage {

namespace {

// Straight to the kernel: std::atomic::wait spins and yields first, which on two cores takes time from those who have
// work.
static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void wait_while(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void wake_waiter(std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

rocksdb::Slice slice(const std::string& bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace

// The batch keeps its memory from group to group, up to this.
constexpr std::size_t retained_batch_bytes_max = 1_MiB;

class GroupBatch {
 public:
  // What an overlay changed, in the order in which the rows were first seen. The number of rows.
  std::size_t fill(const Overlay& overlay) {
    batch_.Clear();
    overlay.for_each_changed([this](const Overlay::Row& row) {
      const rocksdb::Status status = row.state == Overlay::State::present ? batch_.Put(slice(row.key), slice(row.value))
                                                                          : batch_.Delete(slice(row.key));
      QUIPU_ASSERT(status.ok(), "{}", status.ToString());
    });
    return static_cast<std::size_t>(batch_.Count());
  }

  rocksdb::WriteBatch& batch() { return batch_; }

  void give_back() {
    if (batch_.GetDataSize() > retained_batch_bytes_max) batch_ = make();
  }

 private:
  static rocksdb::WriteBatch make() { return rocksdb::WriteBatch{0, 0, protection_bytes_per_row, 0}; }

  rocksdb::WriteBatch batch_ = make();
};

// A list through the writes' own links.
struct Committer::Pending {
  Write* first = nullptr;
  Write* last = nullptr;
  std::size_t count = 0;
};

Committer::Committer(Store& store, std::function<void(const Error&)> on_failure, const CommitterLimits& limits)
    : engine_{*store.engine_},
      on_failure_{std::move(on_failure)},
      limits_{limits},
      figures_{engine_.sync_microseconds()},
      group_{engine_},
      batch_{std::make_unique<GroupBatch>()} {
  engine_.set_failure_wake([this] { rouse(); });
  thread_ = std::jthread{[this] { run(); }};
}

Committer::~Committer() {
  stopping_.store(true);
  rouse();
  thread_.join();
  engine_.set_failure_wake({});
}

void Committer::rouse() {
  // Only who finds it asleep pays for the system call.
  if (asleep_.load(std::memory_order_seq_cst) == 1 && asleep_.exchange(0) == 1) wake_waiter(asleep_);
}

// The order is what loses no wake-up: first the word says asleep, then the reasons to stay awake are looked at again. A
// thread that pushes after that look sees the word.
void Committer::sleep() {
  asleep_.store(1);
  const bool reason = !queue_.empty() || stopping_.load() || (engine_.failed() && !failure_reported_);
  if (!reason) wait_while(asleep_, 1);
  asleep_.store(0);
}

void Committer::run() {
  Pending pending;
  for (;;) {
    take(pending);
    if (pending.first != nullptr) {
      refuse_overflow(pending);
      commit_group(pending);
    } else if (stopping_.load() && queue_.empty()) {
      break;
    } else {
      sleep();
    }
    if (engine_.failed()) report_failure();
  }
}

void Committer::take(Pending& pending) {
  Write* taken = queue_.take();
  if (taken == nullptr) return;
  if (pending.last != nullptr) {
    pending.last->handoff.next = taken;
  } else {
    pending.first = taken;
  }
  for (; taken != nullptr; taken = taken->handoff.next) {
    ++pending.count;
    pending.last = taken;
  }
}

namespace {

// Finishes `count` writes from `first` on, or all up to the end; what comes after them.
Write* finish_all(Write* first, std::size_t count, Committed outcome) {
  while (count-- > 0 && first != nullptr) {
    Write* next = first->handoff.next;  // finish() may destroy it
    first->finish(outcome);
    first = next;
  }
  return first;
}

}  // namespace

void Committer::refuse_overflow(Pending& pending) {
  if (pending.count <= limits_.writes_queued_max) return;
  const std::size_t refused = pending.count - limits_.writes_queued_max;
  Write* last_kept = pending.first;
  for (std::size_t i = 1; i < limits_.writes_queued_max; ++i) last_kept = last_kept->handoff.next;
  Write* first_refused = last_kept->handoff.next;
  last_kept->handoff.next = nullptr;
  pending.last = last_kept;
  pending.count = limits_.writes_queued_max;
  figures_.refused_queue_full.add(refused);
  finish_all(first_refused, refused, Committed::unavailable);
}

void Committer::commit_group(Pending& pending) {
  const auto begin = std::chrono::steady_clock::now();
  const Space space = engine_.space();
  const bool uses_reserve = space != Space::plenty && pending.first->may_use_reserve();
  const bool refuse = engine_.failed() || space == Space::none || (space == Space::scarce && !uses_reserve);
  std::size_t writes = 0;
  Write* end = pending.first;
  bool open = true;
  while (open && end != nullptr && writes < limits_.group_writes_max &&
         group_.overlay_.bytes() < limits_.group_bytes_max &&
         (space == Space::plenty || end->may_use_reserve() == uses_reserve)) {
    open = !end->ends_group();
    if (!refuse) {
      end->apply(group_);
      group_.overlay_.keep();
    }
    end = end->handoff.next;
    ++writes;
  }
  Write* first = std::exchange(pending.first, end);
  if (end == nullptr) pending.last = nullptr;
  pending.count -= writes;
#ifdef QUIPU_BUG_ACK_BEFORE_COMMIT
  finish_all(std::exchange(first, nullptr), writes, Committed::durable);
#endif
  const Committed outcome = engine_.failed() ? Committed::unavailable : refuse ? Committed::no_space : write_group();
  group_.overlay_.clear();
  observe_group(begin, writes, outcome);
  finish_all(first, writes, outcome);
}

void Committer::observe_group(MonotonicTime begin, std::size_t writes, Committed outcome) {
  const auto took = std::chrono::steady_clock::now() - begin;
  figures_.commit_microseconds.observe(
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  figures_.writes_per_group.observe(writes);
  figures_.groups.add();
  figures_.writes.add(writes);
  if (outcome == Committed::no_space) figures_.refused_no_space.add(writes);
  if (outcome == Committed::unknown) figures_.unknown.add(writes);
}

Committed Committer::write_group() {
  const std::size_t rows = batch_->fill(group_.overlay_);
  if (rows == 0) return Committed::durable;  // what the group read was durable already
  figures_.rows.add(rows);
  const Written written = engine_.write(batch_->batch());
  batch_->give_back();
  return written == Written::durable ? Committed::durable : Committed::unknown;
}

void Committer::report_failure() {
  if (failure_reported_) return;
  failure_reported_ = true;
  const std::optional<Error> failure = engine_.failure();
  QUIPU_ASSERT(failure.has_value());
  if (on_failure_) on_failure_(*failure);
}

}  // namespace quipu::storage
