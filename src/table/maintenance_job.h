// The jobs of the maintenance thread. Each finds in the store what there is to do, does it in small steps - one short
// write each, so that nobody waits long behind it - and may be cut off between any two: what is stored says where it
// stands, and doing a step twice does no harm.
//
// Maintenance thread only (maintenance.h).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/metrics.h"
#include "base/result.h"
#include "storage/store.h"
#include "storage/write_group.h"
#include "table/key_range.h"
#include "table/schema.h"

namespace quipu::table {

class Tables;

struct MaintenanceOptions {
  std::chrono::milliseconds expire_every = std::chrono::seconds{20};    // also how often old changes are trimmed
  std::chrono::milliseconds change_retention = std::chrono::hours{24};  // older change records go
  std::chrono::milliseconds retry_after = std::chrono::seconds{1};      // when a job could not be done
  std::size_t rows_erased_a_step = 1'000;
  std::size_t items_a_step = 250;  // that are indexed or copied: each costs several rows
  std::size_t items_expired_a_step = 25;
};

// A step ends early when it has read this much: items may have 400 KB.
inline constexpr std::size_t step_bytes_max = 1_MiB;

// What the service leaves alone: an expiry so long ago is more likely a mistake than a wish.
inline constexpr std::chrono::seconds expiry_age_max = std::chrono::years{5};

struct MaintenanceFigures {
  Counter items_expired;
  Counter rows_purged;
  Counter records_trimmed;
  Counter items_filled;  // looked at for an index or an expiry
  Counter items_copied;
  std::atomic<std::uint64_t> jobs_running{0};  // purges, fills and copies under way
};

struct JobContext {
  Tables& tables;
  const MaintenanceOptions& options;
  MaintenanceFigures& figures;
  std::stop_token stop;
  std::function<void()> between_steps;  // of long jobs: what cannot wait until they are done
};

// Each returns `unavailable` when it was told to stop, or could not write for now: it is to be called again.
Result<> purge_dropped_rows(JobContext& context);  // purge rows: what has been dropped goes
Result<> fill_new_indexes(JobContext& context);    // indexes and expiries that came after the items
Result<> copy_tables(JobContext& context);         // backups and restores
Result<> expire_items(JobContext& context);        // items whose time is past
Result<> trim_changes(JobContext& context);        // change records, and streams, that nobody may read any more

// --- for the jobs

// Counts a job as running while it is there.
class RunningJob {
 public:
  explicit RunningJob(JobContext& context) : running_{context.figures.jobs_running} { ++running_; }
  ~RunningJob() { --running_; }
  RunningJob(const RunningJob&) = delete;
  RunningJob& operator=(const RunningJob&) = delete;

 private:
  std::atomic<std::uint64_t>& running_;
};

// One write, waited for. `apply` runs on the committer thread; its error is returned and leaves no trace. So does
// `when_durable`, which may be empty.
Result<> write_step(JobContext& context, const std::function<Result<>(storage::WriteGroup&)>& apply,
                    const std::function<void()>& when_durable = {});
// Likewise, for a step that only erases: it goes on for longer when the disk runs full.
Result<> write_erasing_step(JobContext& context, const std::function<Result<>(storage::WriteGroup&)>& apply);

// Erases all rows of the range, which nobody reads any more, in steps.
Result<> erase_rows(JobContext& context, const KeyRange& range);

struct RowBatch {
  std::vector<std::pair<std::string, std::string>> rows;  // keys and values

  bool empty() const { return rows.empty(); }
};

// What one step can take, from where the cursor stands; moves it on. Empty: there is no more.
Result<RowBatch> take_batch(storage::Cursor& cursor, std::size_t rows_max);

// The smallest key after `key`.
std::string key_after(std::string_view key);

// Edits that table and no other that has its name by now; false if it has gone.
Result<bool> edit_same_table(JobContext& context, const TableSchema& schema,
                             std::function<void(std::optional<TableSchema>& schema)> edit);

}  // namespace quipu::table
