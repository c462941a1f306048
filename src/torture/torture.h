// `quipu torture`: a real server under real load, killed again and again, and every answer it ever gave held against
// what it knows afterwards.
//
// One thread drives everything: it starts the server, keeps a crowd of connections busy (load.h, workload.h), kills it
// with operations on their way, starts it on the same directory, compares, goes on. At the end the exact checker
// (counter_checker.h) judges every acknowledged increment of the run.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace quipu::torture {

struct TortureOptions {
  std::uint64_t cycles = 100;  // kills; 0: until stopped
  // Kill means power cut: the server's simulated disk forgets what was never synced. Without it, what the process gave
  // to the kernel survives, and a missing sync goes unseen.
  bool power_loss = false;
  unsigned connections = 16;  // 2 .. connections_max; an eighth of them go through a proxy that drops answers
  // How long the server is under load before it is killed: a random time between the two.
  std::chrono::microseconds load_min{1'000};
  std::chrono::microseconds load_max{30'000};
  // Where the server keeps its data, with its log beside it: new or empty. Empty: a new one below the system's
  // directory for temporary files, removed after a run that found nothing.
  std::filesystem::path directory = {};
  std::uint64_t seed = 0;  // 0: a new one. The same seed asks the same questions; the machine's timing is not replayed
  bool keep = false;       // keep the directory also after a run that found nothing
  std::filesystem::path server = "/proc/self/exe";
  std::vector<std::string> server_arguments = {};  // more arguments for `serve`
  std::FILE* progress = stderr;             // null: none. A line that renews itself on a terminal, else one every 5 s
  const std::atomic<bool>* stop = nullptr;  // set by a signal handler: ends the run soon, with a report
};

constexpr unsigned connections_max = 512;

struct TortureReport {
  std::uint64_t seed = 0;
  bool power_loss = false;
  std::uint64_t cycles = 0;                 // finished
  std::uint64_t kills_with_operations = 0;  // kills that interrupted at least one operation
  std::uint64_t kills_while_starting = 0;   // extra kills before the server was ready
  std::uint64_t clean_stops = 0;            // cycles that ended with SIGTERM instead
  std::uint64_t increments_acked = 0;
  std::uint64_t reads_answered = 0;
  std::uint64_t increments_lost = 0;   // outcome unknown when the server was killed
  std::uint64_t retries_settled = 0;   // answered only after at least one answer was lost
  std::uint64_t replays_compared = 0;  // settled increments that were asked again
  std::uint64_t answers_dropped = 0;   // by the proxy
  std::uint64_t arrays_acked = 0;
  std::uint64_t operations_checked = 0;  // by the exact checker
  std::uint64_t violations_total = 0;
  std::vector<std::string> violations;  // the first ones
  std::vector<std::string> not_tested;  // what the run was to do and did not: it proves less than it should
  bool stopped = false;                 // before its cycles were done
  std::chrono::duration<double> elapsed{0};
  std::filesystem::path kept_directory;  // empty if it was removed
  std::filesystem::path kept_history;    // every operation, for `quipu torture check-history`; empty if not kept

  void add_violation(std::string what);
  bool passed() const { return violations_total == 0 && not_tested.empty(); }
};

constexpr std::size_t violations_reported_max = 20;

// An error: the run could not be made (no server, a directory that is not empty). What the server did wrong is in the
// report. Call it on a thread that lives until it returns; the server dies with it.
Result<TortureReport> run_torture(const TortureOptions& options);

// The verdict in plain words, several lines.
std::string verdict(const TortureReport& report);

}  // namespace quipu::torture
