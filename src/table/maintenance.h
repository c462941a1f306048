// The one background thread of the tables: takes away what was dropped, fills new indexes, copies backups, expires
// items and trims change records. It runs when a schema has changed, and from time to time. Nothing of what it is about
// to do is in memory only: after a restart it goes on with what the store says is not done.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/clock.h"
#include "table/maintenance_job.h"

namespace quipu::table {

class Maintenance {
 public:
  // `tables` outlives it. Nobody else may be told of changed schemas, and nobody changes one while this is made or
  // destroyed.
  explicit Maintenance(Tables& tables, const MaintenanceOptions& options = {});
  ~Maintenance();  // stops after the step that is under way

  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  // Looks at once whether there is something to do. From any thread; never waits.
  void wake();
  // Waits until everything was looked at after this was called, also what is done from time to time only. What could
  // not be done is tried again later.
  void wait_for_round();

  const MaintenanceFigures& figures() const { return figures_; }

 private:
  void run(const std::stop_token& stop);
  bool run_round(JobContext& context);
  void run_periodic_if_due(JobContext& context);
  bool run_job(JobContext& context, std::string_view name, Result<> (*job)(JobContext&));

  Tables& tables_;
  const MaintenanceOptions options_;
  MaintenanceFigures figures_;
  MonotonicTime periodic_due_;    // maintenance thread only
  bool periodic_failed_ = false;  // likewise

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t rounds_wanted_ = 1;  // the mutex protects these three
  std::uint64_t rounds_done_ = 0;
  bool periodic_wanted_ = false;

  std::jthread thread_;  // last: starts when all is ready
};

}  // namespace quipu::table
