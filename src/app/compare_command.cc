#include "app/compare_command.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <semaphore>
#include <thread>

#include "app/detour.h"
#include "app/remote_stores.h"
#include "base/bytes.h"
#include "base/random.h"
#include "base/worker_pool.h"
#include "compare/report.h"
#include "compare/trial.h"
#include "counter/embedded_counters.h"
#include "remote/remote_counters.h"
#include "storage/committer.h"
#include "storage/store.h"
#include "table/tables.h"
#include "torture/dropping_proxy.h"

namespace quipu::app {

namespace {

constexpr int exit_wrong = 1;
constexpr unsigned dropped_percent = 5;
constexpr std::chrono::seconds reach_max{10};

struct CompareOptions {
  std::vector<std::string> stores;  // none: all that are on
  double duration_s = 5;
  unsigned concurrency = 64;
  std::string html = "quipu-compare.html";
  std::string json;
  std::filesystem::path scratch = ".";
  std::string settings_file;
};

// A directory for our own store and for files that only this run needs.
class Scratch {
 public:
  static Result<std::unique_ptr<Scratch>> make(const std::filesystem::path& above) {
    std::string path = (above / "quipu-compare-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
      return fail(ErrorCode::environment, "no directory can be made in {}; name another with --scratch",
                  above.string());
    return std::unique_ptr<Scratch>{new Scratch{path}};
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit Scratch(std::filesystem::path path) : path_{std::move(path)} {}
  const std::filesystem::path path_;
};

// What `quipu serve` has below its counters, without the server.
class OwnStore {
 public:
  static Result<std::unique_ptr<OwnStore>> open(const std::filesystem::path& directory) {
    QUIPU_TRY(auto store, storage::Store::open({.directory = directory}));
    std::unique_ptr<OwnStore> own{new OwnStore{std::move(store)}};
    QUIPU_TRY(own->tables_, table::Tables::open(*own->store_, own->committer_, own->clock_));
    QUIPU_TRY(own->counters_, counter::EmbeddedCounters::open(*own->tables_, own->readers_));
    return own;
  }
  counter::CounterStore& counters() { return *counters_; }

 private:
  explicit OwnStore(std::unique_ptr<storage::Store> store) : store_{std::move(store)} {}

  const Clock clock_;
  std::unique_ptr<storage::Store> store_;
  storage::Committer committer_{*store_, [](const Error&) {}};
  std::unique_ptr<table::Tables> tables_;
  WorkerPool readers_{1, 64};
  std::unique_ptr<counter::EmbeddedCounters> counters_;
};

class Progress {
 public:
  explicit Progress(std::string_view store) : store_{store} {}
  ~Progress() {
    if (terminal_) std::fputs("\r\x1b[K", stderr);
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::string_view phase, std::uint64_t done, double seconds) {
    const std::string rate =
        seconds > 0 ? compare::with_commas(static_cast<std::uint64_t>(static_cast<double>(done) / seconds)) + "/s"
                    : compare::with_commas(done);
    if (terminal_)
      fmt::print(stderr, "\r\x1b[K{} {} {:.0f} s {}", store_, phase, seconds, rate);
    else if (phase != phase_)
      fmt::print(stderr, "{} {}\n", store_, phase);
    phase_ = phase;
    std::fflush(stderr);
  }

 private:
  const std::string store_;
  const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::string phase_;
};

compare::TrialOptions trial_options(const CompareOptions& options, Progress& progress) {
  compare::TrialOptions trial{
      .clients = options.concurrency,
      .duration = std::chrono::milliseconds{static_cast<std::int64_t>(options.duration_s * 1000)},
      // Names of their own, so that nothing of the store's owner is touched.
      .prefix = "quipu-compare-" + to_hex(secure_random_bytes(4)) + "-",
      .progress = {}};
  trial.progress = [&progress](std::string_view phase, std::uint64_t done, double seconds) {
    progress.show(phase, done, seconds);
  };
  return trial;
}

Result<compare::StoreTrial> try_own(const CompareOptions& options, const Scratch& scratch) {
  QUIPU_TRY(const auto own, OwnStore::open(scratch.path() / "data"));
  compare::StoreTrial trial{
      .name = std::string{gateway::Stores::local_name},
      .server = "Quipu " QUIPU_VERSION ", its own engine",
      .durability = "an acknowledged increment survives power loss: the log is synced before the answer"};
  Progress progress{trial.name};
  compare::run_trial(own->counters(), {}, trial_options(options, progress), trial);
  return trial;
}

bool wait_until_reachable(const remote::RemoteCounters& counters) {
  const auto end = std::chrono::steady_clock::now() + reach_max;
  std::binary_semaphore never{0};
  while (!counters.reachable()) {
    if (std::chrono::steady_clock::now() > end) return false;
    static_cast<void>(never.try_acquire_for(std::chrono::milliseconds{5}));
  }
  return true;
}

// The same store through a proxy that swallows answers.
struct LossyStore {
  std::unique_ptr<torture::DroppingProxy> proxy;
  std::unique_ptr<remote::RemoteCounters> counters;

  compare::LossyWay way() const {
    if (counters == nullptr) return {};
    return {.store = counters.get(), .answers_lost = [this] { return proxy->answers_dropped(); }};
  }
};

Result<LossyStore> make_lossy(const StoreSettings& settings, std::string_view name, const Scratch& scratch) {
  LossyStore lossy;
  const auto port = loopback_port(settings, name);
  if (!port) return lossy;
  QUIPU_TRY(lossy.proxy, torture::DroppingProxy::start(dropped_percent, 1));
  lossy.proxy->aim_at(*port);
  QUIPU_TRY(const StoreSettings other, detoured(settings, name, lossy.proxy->port(), scratch.path()));
  QUIPU_TRY(auto choices, choose_stores(other));
  auto chosen = std::ranges::find(choices, name, &StoreChoice::name);
  lossy.counters = std::make_unique<remote::RemoteCounters>(std::move(chosen->remote));
  return lossy;
}

void try_remote(const CompareOptions& options, const StoreSettings& settings, StoreChoice& choice,
                const Scratch& scratch, compare::StoreTrial& trial) {
  auto report = choice.remote->prepare();
  if (!report) {
    trial.error = report.error().message;
    return;
  }
  trial.server = report->server;
  trial.durability = report->durability;
  trial.warnings = report->warnings;
  remote::RemoteCounters counters{std::move(choice.remote)};
  auto lossy = make_lossy(settings, choice.name, scratch);
  if (!lossy || !wait_until_reachable(counters)) {
    trial.error = lossy ? "it cannot be reached" : lossy.error().message;
    return;
  }
  Progress progress{trial.name};
  compare::run_trial(counters, lossy->way(), trial_options(options, progress), trial);
}

std::string machine() {
  utsname name{};
  ::uname(&name);
  return fmt::format("{} cores, {} {}", std::thread::hardware_concurrency(), name.sysname, name.release);
}

std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

Result<> write_file(const std::string& name, const std::string& text) {
  if (name.empty()) return {};
  if (name == "-") {
    std::fputs(text.c_str(), stdout);
    return {};
  }
  std::ofstream out{name};
  if (!(out << text).flush()) return fail(ErrorCode::environment, "{} cannot be written", name);
  return {};
}

Result<> report(const CompareOptions& options, const std::vector<compare::StoreTrial>& trials) {
  const compare::Circumstances circumstances{
      .when = now_utc(),
      .machine = machine(),
      .clients = options.concurrency,
      .duration = std::chrono::milliseconds{static_cast<std::int64_t>(options.duration_s * 1000)},
      .version = QUIPU_VERSION};
  if (options.json != "-") std::fputs(compare::text_report(trials).c_str(), stdout);
  QUIPU_CHECK(write_file(options.json, compare::json_report(trials, circumstances)));
  QUIPU_CHECK(write_file(options.html, compare::html_report(trials, circumstances)));
  if (!options.html.empty()) fmt::print(stderr, "\nThe page with charts: {}\n", options.html);
  return {};
}

Result<int> compare_stores(const CompareOptions& options) {
  set_log_level(LogLevel::error);
  QUIPU_TRY(const ServeSettings settings, read_settings({}, options.settings_file));
  QUIPU_TRY(auto choices, choose_stores(settings.stores));
  const auto wanted = [&](std::string_view name) {
    return options.stores.empty() || std::ranges::find(options.stores, name) != options.stores.end();
  };
  for (const std::string& name : options.stores) {
    const auto found = std::ranges::find(choices, name, &StoreChoice::name);
    if (name == gateway::Stores::local_name) continue;
    if (found == choices.end()) return fail(ErrorCode::invalid_argument, "there is no store {:?}", name);
    if (found->remote == nullptr)
      return fail(ErrorCode::invalid_argument, "the store {} is not set up; {}", name, found->turn_on);
  }
  QUIPU_TRY(const auto scratch, Scratch::make(options.scratch));
  std::vector<compare::StoreTrial> trials;
  if (wanted(gateway::Stores::local_name)) {
    QUIPU_TRY(trials.emplace_back(), try_own(options, *scratch));
  }
  for (StoreChoice& choice : choices) {
    if (choice.remote == nullptr || !wanted(choice.name)) continue;
    trials.push_back({.name = std::string{choice.name}});
    try_remote(options, settings.stores, choice, *scratch, trials.back());
  }
  QUIPU_CHECK(report(options, trials));
  const bool good = std::ranges::all_of(trials, [](const auto& t) { return t.error.empty() && t.verdict.good(); });
  return good ? 0 : exit_wrong;
}

}  // namespace

void add_compare_command(CLI::App& program, Command& chosen) {
  auto* command = program.add_subcommand(
      "compare", "Put every store through the same load, and say how fast each is and whether its numbers are right");
  auto options = std::make_shared<CompareOptions>();
  command->footer(
      "The stores are those that `quipu serve` would use with the same settings, and our own in a temporary "
      "directory.\n"
      "Counters are made with names of their own, quipu-compare-..., and erased at the end; what a store remembers of\n"
      "retries goes when its 24 hours are over. Exit status 1 if a number was wrong, or a store could not be tried or\n"
      "judged.");
  command
      ->add_option("--stores", options->stores, "Only these, separated by commas: local, redis, ... [all that are on]")
      ->delimiter(',');
  command->add_option("--duration", options->duration_s, "Seconds for each load")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->add_option("--concurrency", options->concurrency, "Clients at once")
      ->check(CLI::Range(1U, 4096U))
      ->capture_default_str();
  command->add_option("--html", options->html, "The page with charts; empty for none")->capture_default_str();
  command->add_option("--json", options->json, "For scripts; - writes it instead of the table");
  command
      ->add_option("--scratch", options->scratch, "Where our own store is made and erased: on the disk to be measured")
      ->capture_default_str();
  command->add_option("--config", options->settings_file, "Settings file in YAML [quipu.yaml, if there is one]")
      ->type_name("FILE");
  command->callback([=, &chosen] { chosen = [=] { return compare_stores(*options); }; });
}

}  // namespace quipu::app
