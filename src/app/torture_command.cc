#include "app/torture_command.h"

#include <signal.h>

#include <atomic>
#include <cstdio>
#include <iostream>

#include "torture/history_file.h"
#include "torture/torture.h"

namespace quipu::app {

namespace {

constexpr int exit_violation = 1;

// Set by the signal handler, which may touch nothing else.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void request_stop(int) {
  stop_requested.store(true);
}

Result<int> torture(torture::TortureOptions options) {
  options.stop = &stop_requested;
  struct sigaction action{};
  action.sa_handler = request_stop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  QUIPU_TRY(const torture::TortureReport report, torture::run_torture(options));
  std::fputs(torture::verdict(report).c_str(), stdout);
  return report.passed() ? 0 : exit_violation;
}

Result<int> check_history(const std::string& file) {
  QUIPU_TRY(const bool good, torture::check_history_file(file, std::cout));
  return good ? 0 : exit_violation;
}

}  // namespace

void add_torture_command(CLI::App& program, Command& chosen) {
  auto* command = program.add_subcommand(
      "torture", "Kill a server under load, again and again, and check everything it ever acknowledged");
  auto options = std::make_shared<torture::TortureOptions>();
  auto load_min_ms = std::make_shared<unsigned>(1);
  auto load_max_ms = std::make_shared<unsigned>(30);
  command->require_subcommand(0, 1);
  command->add_option("--cycles", options->cycles, "Kills; 0 goes on until Ctrl-C")->capture_default_str();
  command->add_flag(
      "--power-loss", options->power_loss,
      "A kill takes everything that was never synced, as a power cut does; a plain kill leaves it with the "
      "kernel");
  command->add_option("--connections", options->connections, "Clients at once")
      ->check(CLI::Range(2U, torture::connections_max))
      ->capture_default_str();
  command->add_option("--load-min-ms", *load_min_ms, "Shortest time under load before a kill")->capture_default_str();
  command->add_option("--load-max-ms", *load_max_ms, "Longest time under load before a kill")->capture_default_str();
  command->add_option("--data", options->directory, "New or empty directory [a temporary one]");
  command->add_option("--seed", options->seed, "The same seed asks the same questions [a new one]");
  command->add_flag("--keep", options->keep, "Keep the directory, even if nothing was wrong");
  command->add_option("--server", options->server, "The program to torture [this one]");
  command->callback([=, &chosen, &program] {
    if (!program.got_subcommand("torture") || chosen) return;
    options->load_min = std::chrono::milliseconds{*load_min_ms};
    options->load_max = std::chrono::milliseconds{std::max(*load_min_ms, *load_max_ms)};
    chosen = [=] { return torture(*options); };
  });

  auto* check = command->add_subcommand("check-history", "Judge a history that a run has kept");
  auto file = std::make_shared<std::string>();
  check->add_option("FILE", *file, "The history; - reads it from standard input")->required();
  check->callback([=, &chosen] { chosen = [=] { return check_history(*file); }; });
}

}  // namespace quipu::app
