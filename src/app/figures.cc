#include "app/figures.h"

#include <unistd.h>

#include <fstream>

#include "base/metrics.h"

namespace quipu::app {

namespace {

constexpr double microsecond = 1e-6;

void write_http(MetricsText& out, const http::ServerFigures& http, std::size_t buffered_bytes) {
  for (std::size_t i = 0; i < http.answers.size(); ++i)
    out.counter("quipu_http_requests_total", "Requests answered, by status class.", http.answers[i].value(),
                fmt::format("status=\"{}xx\"", i + 1));
  out.counter("quipu_http_requests_refused_total", "Requests that were malformed or over a limit.",
              http.requests_refused.value());
  out.histogram("quipu_http_request_seconds", "Time from reading a request to its answer.", http.latency_microseconds,
                microsecond);
  out.gauge("quipu_http_connections", "Connections open now.",
            static_cast<double>(http.connections_accepted.value() - http.connections_closed.value()));
  out.counter("quipu_http_connections_accepted_total", "Connections taken.", http.connections_accepted.value());
  out.counter("quipu_http_connections_refused_total", "Connections refused: too many.",
              http.connections_refused.value());
  out.counter("quipu_http_deadlines_missed_total", "Connections closed for being too slow.",
              http.deadlines_missed.value());
  out.gauge("quipu_http_streams", "Watches open now.",
            static_cast<double>(http.streams_opened.value() - http.streams_closed.value()));
  out.counter("quipu_http_received_bytes_total", "Bytes received.", http.received_bytes.value());
  out.counter("quipu_http_sent_bytes_total", "Bytes sent.", http.sent_bytes.value());
  out.gauge("quipu_http_buffered_bytes", "Bytes kept for requests and answers that are not whole yet.",
            static_cast<double>(buffered_bytes));
}

void write_commits(MetricsText& out, const storage::CommitterFigures& commits) {
  out.histogram("quipu_commit_writes_per_group", "Writes that shared one sync.", commits.writes_per_group);
  out.histogram("quipu_commit_seconds", "Time from a group's first write to its being durable.",
                commits.commit_microseconds, microsecond);
  out.histogram("quipu_log_sync_seconds", "Time of one sync of the log.", commits.sync_microseconds, microsecond);
  out.counter("quipu_commit_groups_total", "Groups committed.", commits.groups.value());
  out.counter("quipu_commit_writes_total", "Writes committed.", commits.writes.value());
  out.counter("quipu_commit_rows_total", "Rows written.", commits.rows.value());
  out.counter("quipu_commit_refused_total", "Writes refused before anything happened.",
              commits.refused_queue_full.value(), "reason=\"queue_full\"");
  out.counter("quipu_commit_refused_total", "Writes refused before anything happened.",
              commits.refused_no_space.value(), "reason=\"no_space\"");
  out.counter("quipu_commit_unknown_total", "Writes whose outcome is unknown.", commits.unknown.value());
}

void write_store(MetricsText& out, const storage::StoreFigures& store) {
  const auto gauge = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    out.gauge(name, help, static_cast<double>(value));
  };
  gauge("quipu_store_last_sequence", "Number of the newest durable row change.", store.last_sequence);
  gauge("quipu_store_rows_estimate", "Rows stored, about.", store.rows_estimate);
  gauge("quipu_store_table_bytes", "Size of the sorted tables on disk.", store.table_bytes);
  gauge("quipu_store_table_files", "Sorted tables on disk.", store.table_files);
  gauge("quipu_store_memtable_bytes", "Memory for what is not in sorted tables yet.", store.memtable_bytes);
  gauge("quipu_store_block_cache_bytes", "Memory for reading from disk, in use.", store.block_cache_bytes);
  out.counter("quipu_store_write_stalls_total", "Times that writes waited for flushes or compactions.",
              store.write_stalls);
  gauge("quipu_store_disk_free_bytes", "Free space of the disk.", store.disk_free_bytes);
  gauge("quipu_store_writes_stopped", "1 while writes are refused.", store.writes_stopped ? 1 : 0);
}

void write_maintenance(MetricsText& out, const table::MaintenanceFigures& maintenance) {
  out.counter("quipu_items_expired_total", "Items that went because their time to live was over.",
              maintenance.items_expired.value());
  out.counter("quipu_rows_purged_total", "Rows of deleted tables and indexes taken away.",
              maintenance.rows_purged.value());
  out.counter("quipu_changes_trimmed_total", "Stream records that became too old.",
              maintenance.records_trimmed.value());
  out.counter("quipu_items_filled_total", "Items looked at to fill new indexes.", maintenance.items_filled.value());
  out.counter("quipu_items_copied_total", "Items copied into backups and out of them.",
              maintenance.items_copied.value());
  out.gauge("quipu_maintenance_jobs_running", "Fills, copies and purges under way.",
            static_cast<double>(maintenance.jobs_running.load()));
}

void write_counters(MetricsText& out, const gateway::Stores& stores) {
  // All stores of one figure, then the next: the format wants the lines of a name together.
  const auto counters = [&](std::string_view name, std::string_view help, auto value, std::string_view more = {}) {
    for (const gateway::Store& store : stores.all())
      if (store.counters != nullptr)
        out.counter(name, help, value(store.figures), fmt::format("store=\"{}\"{}", store.name, more));
  };
  using Figures = gateway::StoreFigures;
  counters("quipu_counter_requests_total", "Calls on counters, by the store that keeps them.",
           [](const Figures& f) { return f.requests.value(); });
  counters("quipu_counter_values_total", "Sum of the values that increments answered.",
           [](const Figures& f) { return f.values.value(); });
  constexpr std::string_view name = "quipu_counter_refusals_total";
  constexpr std::string_view help = "Calls that changed nothing, or may not have, by why.";
  counters(name, help, [](const Figures& f) { return f.limits_reached.value(); }, ",reason=\"limit_reached\"");
  counters(name, help, [](const Figures& f) { return f.conflicts.value(); }, ",reason=\"conflict\"");
  counters(name, help, [](const Figures& f) { return f.refused.value(); }, ",reason=\"invalid\"");
  counters(name, help, [](const Figures& f) { return f.failed.value(); }, ",reason=\"failed\"");
  counters(name, help, [](const Figures& f) { return f.outcome_unknown.value(); }, ",reason=\"outcome_unknown\"");
  counters(name, help, [](const Figures& f) { return f.throttled.value(); }, ",reason=\"throttled\"");
  for (const gateway::Store& store : stores.all()) {
    if (store.counters == nullptr) continue;
    // Two counters are read one after the other, so the difference may be off for a moment, but not below 0.
    const std::uint64_t completed = store.figures.completed.value();
    out.gauge("quipu_counter_calls", "Calls under way.",
              static_cast<double>(store.figures.requests.value() - completed), fmt::format("store=\"{}\"", store.name));
  }
  for (const gateway::Store& store : stores.all()) {
    if (store.counters == nullptr) continue;
    out.histogram("quipu_counter_seconds", "Time from a call's start to its answer.",
                  store.figures.latency_microseconds, microsecond, fmt::format("store=\"{}\"", store.name));
  }
}

void write_plans(MetricsText& out, const gateway::PlanBook& plans) {
  constexpr std::string_view name = "quipu_throttled_total";
  constexpr std::string_view help = "Requests refused because a key was over its plan, by plan and by why.";
  for (const gateway::LivePlan* plan : plans.all_live()) {
    out.counter(name, help, plan->over_rate.value(), fmt::format("plan=\"{}\",reason=\"rate\"", plan->name()));
    out.counter(name, help, plan->over_quota.value(), fmt::format("plan=\"{}\",reason=\"quota\"", plan->name()));
  }
}

// Resident memory, from the kernel; 0 if it does not say.
double resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  double total_pages = 0;
  double resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::string metrics_text(const http::Server* server, const storage::Committer& committer, const storage::Store& store,
                         const table::MaintenanceFigures& maintenance, const gateway::Stores& stores,
                         const gateway::PlanBook& plans) {
  MetricsText out;
  if (server != nullptr) write_http(out, server->figures(), server->buffered_bytes());
  write_commits(out, committer.figures());
  write_store(out, store.figures());
  write_maintenance(out, maintenance);
  write_counters(out, stores);
  write_plans(out, plans);
  out.gauge("process_resident_memory_bytes", "Resident memory of the process.", resident_bytes());
  out.gauge("quipu_build_info", "Always 1; the version is a label.", 1, "version=\"" QUIPU_VERSION "\"");
  return out.text();
}

std::string reason_not_ready(const storage::StoreFigures& figures) {
  if (!figures.writes_stopped) return {};
  return fmt::format("writes are refused; the disk has {} MiB free", figures.disk_free_bytes / 1_MiB);
}

}  // namespace quipu::app
