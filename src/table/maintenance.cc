#include "table/maintenance.h"

#include <utility>

#include "base/log.h"
#include "table/tables.h"

namespace quipu::table {

Maintenance::Maintenance(Tables& tables, const MaintenanceOptions& options)
    : tables_{tables}, options_{options}, periodic_due_{tables.clock().now()} {
  tables_.call_after_schema_change([this] { wake(); });
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

Maintenance::~Maintenance() {
  thread_.request_stop();
  thread_.join();
  tables_.call_after_schema_change({});
}

void Maintenance::wake() {
  {
    const std::scoped_lock lock{mutex_};
    ++rounds_wanted_;
  }
  changed_.notify_all();
}

void Maintenance::wait_for_round() {
  std::unique_lock lock{mutex_};
  const std::uint64_t wanted = ++rounds_wanted_;
  periodic_wanted_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return rounds_done_ >= wanted; });
}

void Maintenance::run(const std::stop_token& stop) {
  JobContext context{.tables = tables_, .options = options_, .figures = figures_, .stop = stop, .between_steps = {}};
  context.between_steps = [&] { run_periodic_if_due(context); };
  std::unique_lock lock{mutex_};
  while (!stop.stop_requested()) {
    const std::uint64_t round = rounds_wanted_;
    if (std::exchange(periodic_wanted_, false)) periodic_due_ = tables_.clock().now();
    lock.unlock();
    const bool done = run_round(context);
    lock.lock();
    rounds_done_ = round;
    changed_.notify_all();
    const MonotonicTime::duration until_periodic = periodic_due_ - tables_.clock().now();
    const MonotonicTime::duration pause = done ? until_periodic : options_.retry_after;
    changed_.wait_for(lock, stop, pause, [&] { return rounds_wanted_ != round; });
  }
}

bool Maintenance::run_round(JobContext& context) {
  bool done = run_job(context, "purge", purge_dropped_rows);
  done &= run_job(context, "copy", copy_tables);
  done &= run_job(context, "fill", fill_new_indexes);
  run_periodic_if_due(context);
  return done && !periodic_failed_;
}

// Also called between the steps of the others: an index of ten million items must not keep what has expired alive.
void Maintenance::run_periodic_if_due(JobContext& context) {
  const MonotonicTime now = tables_.clock().now();
  if (now < periodic_due_) return;
  periodic_failed_ = !run_job(context, "expire", expire_items);
  periodic_failed_ |= !run_job(context, "trim", trim_changes);
  periodic_due_ = now + (periodic_failed_ ? options_.retry_after : options_.expire_every);
}

bool Maintenance::run_job(JobContext& context, std::string_view name, Result<> (*job)(JobContext&)) {
  if (context.stop.stop_requested()) return false;
  const auto done = job(context);
  if (!done && !context.stop.stop_requested())
    log_warning("maintenance_failed", {{"job", name}, {"error", done.error().message}});
  return done.has_value();
}

}  // namespace quipu::table
