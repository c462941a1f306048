#include "torture/torture.h"

#include <signal.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "torture/counter_checker.h"
#include "torture/dropping_proxy.h"
#include "torture/history_file.h"
#include "torture/load.h"
#include "torture/progress.h"
#include "torture/server_process.h"
#include "torture/workload.h"

namespace quipu::torture {

namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto start_max = 30s;  // of the server, until it takes connections
constexpr auto phase_max = 30s;  // of the phases that are not load
constexpr auto stop_max = 15s;   // after SIGTERM
constexpr auto connect_retry = 300us;
constexpr int port_attempts_max = 5;
constexpr unsigned drop_percent = 20;  // of the answers that pass the proxy
constexpr unsigned kill_while_starting_percent = 8;
constexpr unsigned clean_stop_percent = 5;
constexpr std::uint64_t killed_start_max_us = 15'000;
constexpr std::uint64_t cycles_that_must_interrupt = 5;
// The history is judged and forgotten when it has grown to this, so that memory stays bounded in a run of days.
constexpr std::size_t segment_operations_max = 8'000'000;

class Run {
 public:
  Run(const TortureOptions& options, std::filesystem::path directory, TortureReport& report,
      std::unique_ptr<DroppingProxy> proxy)
      : options_{options},
        directory_{std::move(directory)},
        report_{report},
        progress_{options.progress},
        random_{report.seed},
        proxy_{std::move(proxy)},
        workload_{report.seed, options.connections, report},
        load_{workload_, options.connections, std::max(1U, options.connections / 8), proxy_->port()} {}

  Result<> run();

 private:
  enum class Go : bool { on, no_further };

  bool stop_asked() const { return options_.stop != nullptr && options_.stop->load(); }
  std::filesystem::path log_file() const { return directory_ / "server.log"; }
  std::string server_says() const { return "the server's last words:\n" + last_lines(log_file()); }

  Result<> start_process();
  Result<> start_until_ready();
  Result<> kill_while_starting();
  Result<Go> start_and_compare();
  Go run_phase(Workload::Phase phase, std::string_view name);
  void run_load_and_end();
  void kill_now();
  void stop_clean();
  void server_cut_off(std::string_view during);
  void check_history();
  void conclude();

  const TortureOptions& options_;
  const std::filesystem::path directory_;
  TortureReport& report_;
  Progress progress_;
  SeededRandom random_;
  std::unique_ptr<DroppingProxy> proxy_;
  Workload workload_;
  Load load_;
  std::uint64_t starts_ = 0;
  std::uint16_t port_ = 0;
  std::optional<ServerProcess> server_;  // last: killed first
};

Result<> Run::start_process() {
  QUIPU_TRY(port_, free_port());
  ServerCommand command{.executable = options_.server,
                        .arguments = {"serve", "--dev", "--data", (directory_ / "data").string(), "--listen",
                                      fmt::format("127.0.0.1:{}", port_)},
                        .working_directory = directory_,
                        .log_file = log_file()};
  ++starts_;
  if (options_.power_loss) {
    command.arguments.emplace_back("--simulated-disk");
    command.arguments.push_back(fmt::format("power-loss:seed={}", report_.seed + starts_));
  }
  command.arguments.insert(command.arguments.end(), options_.server_arguments.begin(), options_.server_arguments.end());
  server_.reset();
  QUIPU_TRY(auto started, ServerProcess::start(command));
  server_.emplace(std::move(started));
  return {};
}

Result<> Run::start_until_ready() {
  for (int attempt = 1;; ++attempt) {
    QUIPU_CHECK(start_process());
    const auto until = steady_clock::now() + start_max;
    while (!server_->wait_for_end(connect_retry)) {
      if (connect_loopback(port_)) {
        proxy_->aim_at(port_);
        load_.aim_at(port_);
        return {};
      }
      if (steady_clock::now() > until) {
        return fail(ErrorCode::environment, "the server takes no connections {} s after its start; {}",
                    std::chrono::seconds{start_max}.count(), server_says());
      }
    }
    std::uint16_t bound = 0;
    const bool port_was_taken = !listen_loopback(port_, bound);
    if (!port_was_taken || attempt == port_attempts_max) {
      return fail(ErrorCode::environment, "the server does not start ({}); {}", server_->how_it_ended(), server_says());
    }
  }
}

// A crash in the middle of recovery: the next recovery must cope with what this one left.
Result<> Run::kill_while_starting() {
  QUIPU_CHECK(start_process());
  const std::chrono::microseconds after{random_.below(killed_start_max_us)};
  if (server_->wait_for_end(after)) {
    return fail(ErrorCode::environment, "the server does not start ({}); {}", server_->how_it_ended(), server_says());
  }
  server_->send_signal(SIGKILL);
  server_->wait_for_end(stop_max);
  ++report_.kills_while_starting;
  return {};
}

Run::Go Run::run_phase(Workload::Phase phase, std::string_view name) {
  workload_.begin(phase);
  switch (load_.run(steady_clock::now() + phase_max, nullptr)) {
    case Load::Ended::finished: return Go::on;
    case Load::Ended::timed_out:
      report_.add_violation(fmt::format("the {} after a restart were not all answered within {} s; {}", name,
                                        std::chrono::seconds{phase_max}.count(), server_says()));
      break;
    case Load::Ended::stopped: break;
    case Load::Ended::cut_off: server_cut_off(fmt::format("the {} after a restart", name)); break;
  }
  return Go::no_further;
}

void Run::server_cut_off(std::string_view during) {
  if (server_->wait_for_end(1s)) {
    report_.add_violation(
        fmt::format("the server ended by itself ({}) during {}; {}", server_->how_it_ended(), during, server_says()));
  } else {
    report_.add_violation(
        fmt::format("the server closed a connection that it owed an answer, during {}; {}", during, server_says()));
  }
}

Result<Run::Go> Run::start_and_compare() {
  const bool first = starts_ == 0;
  if (!first && random_.below(100) < kill_while_starting_percent) {
    if (const auto killed = kill_while_starting(); !killed) {
      report_.add_violation(killed.error().message);
      return Go::no_further;
    }
  }
  if (auto started = start_until_ready(); !started) {
    if (first) return std::unexpected(std::move(started).error());
    report_.add_violation("after a kill " + started.error().message);
    return Go::no_further;
  }
  if (run_phase(Workload::Phase::reads, "reads") == Go::no_further) return Go::no_further;
  workload_.judge_reads();
  if (run_phase(Workload::Phase::retries, "retries") == Go::no_further) return Go::no_further;
  return report_.violations_total == 0 ? Go::on : Go::no_further;
}

void Run::run_load_and_end() {
  const auto span = std::max<std::int64_t>(1, (options_.load_max - options_.load_min).count());
  const auto duration = options_.load_min + std::chrono::microseconds{random_.below(static_cast<std::uint64_t>(span))};
  workload_.begin(Workload::Phase::load);
  switch (load_.run(steady_clock::now() + duration, options_.stop)) {
    case Load::Ended::finished:
    case Load::Ended::timed_out: break;
    case Load::Ended::stopped: return kill_now();
    case Load::Ended::cut_off: server_cut_off("the load"); break;
  }
  if (report_.violations_total == 0 && random_.below(100) < clean_stop_percent)
    stop_clean();
  else
    kill_now();
}

void Run::kill_now() {
  server_->send_signal(SIGKILL);
  server_->wait_for_end(stop_max);
  if (load_.server_gone() > 0) ++report_.kills_with_operations;
  workload_.server_ended(monotonic_ns());
}

void Run::stop_clean() {
  server_->send_signal(SIGTERM);
  const auto asked_at = steady_clock::now();
  load_.finish(asked_at + stop_max);
  if (!server_->wait_for_end(std::max(
          1us, std::chrono::duration_cast<std::chrono::microseconds>(asked_at + stop_max - steady_clock::now())))) {
    report_.add_violation(fmt::format("the server did not stop within {} s of SIGTERM; {}",
                                      std::chrono::seconds{stop_max}.count(), server_says()));
  } else if (server_->exit_code() != 0) {
    report_.add_violation(
        fmt::format("the server ended with {} after SIGTERM; {}", server_->how_it_ended(), server_says()));
  }
  server_->send_signal(SIGKILL);
  server_->wait_for_end(stop_max);
  load_.server_gone();
  workload_.server_ended(monotonic_ns());
  ++report_.clean_stops;
}

void Run::check_history() {
  const auto result = check_counters(workload_.rules(), workload_.history());
  report_.operations_checked += result.operations_checked;
  for (const auto& wrong : result.violations) report_.add_violation(to_string(wrong));
  report_.violations_total += result.violations_total - result.violations.size();
}

Result<> Run::run() {
  while ((options_.cycles == 0 || report_.cycles < options_.cycles) && !stop_asked()) {
    QUIPU_TRY(const auto go, start_and_compare());
    if (go == Go::no_further) break;
    if (workload_.history().size() >= segment_operations_max && workload_.everything_settled()) {
      if (run_phase(Workload::Phase::reads, "reads") == Go::no_further) break;
      check_history();
      if (report_.violations_total > 0) break;
      workload_.seal();
    }
    run_load_and_end();
    report_.answers_dropped = proxy_->answers_dropped();
    if (report_.violations_total > 0) break;
    ++report_.cycles;
    progress_.show(report_);
  }
  report_.stopped = stop_asked();
  conclude();
  return {};
}

void Run::conclude() {
  // Once more, so that what the last kill did is seen too. With a violation the evidence stays as it is.
  if (report_.violations_total == 0) {
    auto compared = start_and_compare();
    if (!compared)
      report_.add_violation(compared.error().message);
    else if (*compared == Go::on && run_phase(Workload::Phase::reads, "reads") == Go::on)
      stop_clean();
  }
  if (server_) kill_now();
  workload_.give_up_retries();
  workload_.server_ended(monotonic_ns());
  check_history();
  progress_.finish(report_);

  if (report_.cycles >= cycles_that_must_interrupt && report_.kills_with_operations == 0)
    report_.not_tested.emplace_back("no kill interrupted an operation");
  if (report_.cycles >= cycles_that_must_interrupt && report_.answers_dropped == 0)
    report_.not_tested.emplace_back("the proxy dropped no answer");
  if (report_.increments_acked == 0) report_.not_tested.emplace_back("no increment was acknowledged");
  if (report_.violations_total > 0) {
    const auto file = directory_ / "history.txt";
    if (write_history(file, workload_.rules(), workload_.history())) report_.kept_history = file;
  }
}

Result<std::filesystem::path> prepare_directory(const TortureOptions& options) {
  if (options.directory.empty()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "quipu-torture-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return fail(ErrorCode::environment, "cannot make {}", pattern);
    return std::filesystem::path{pattern};
  }
  std::error_code error;
  const auto directory = std::filesystem::absolute(options.directory);
  std::filesystem::create_directories(directory, error);
  if (error) return fail(ErrorCode::environment, "cannot make {}: {}", directory.string(), error.message());
  if (!std::filesystem::is_empty(directory, error) || error) {
    return fail(ErrorCode::invalid_argument,
                "{} is not empty: a torture run needs a directory of its own, it destroys what is in it",
                directory.string());
  }
  return directory;
}

}  // namespace

Result<TortureReport> run_torture(const TortureOptions& options) {
  if (options.connections < 2 || options.connections > connections_max)
    return fail(ErrorCode::invalid_argument, "connections: 2 to {}, not {}", connections_max, options.connections);
  if (options.load_min.count() < 0 || options.load_max < options.load_min)
    return fail(ErrorCode::invalid_argument, "the longest load time must not be below the shortest");

  TortureReport report;
  report.power_loss = options.power_loss;
  report.seed = options.seed != 0 ? options.seed : load_big_endian<std::uint32_t>(secure_random_bytes(4));
  QUIPU_TRY(auto proxy, DroppingProxy::start(drop_percent, report.seed));
  QUIPU_TRY(const auto directory, prepare_directory(options));

  const auto begin = steady_clock::now();
  {
    Run run{options, directory, report, std::move(proxy)};
    QUIPU_CHECK(run.run());
  }
  report.elapsed = steady_clock::now() - begin;
  if (report.passed() && !options.keep) {
    std::error_code ignored;  // what cannot be removed is no fault of the server
    std::filesystem::remove_all(directory, ignored);
  } else {
    report.kept_directory = directory;
  }
  return report;
}

}  // namespace quipu::torture
