#include "app/serve.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <semaphore>
#include <thread>

#include "app/figures.h"
#include "app/key_callers.h"
#include "app/remote_stores.h"
#include "aws/front.h"
#include "base/worker_pool.h"
#include "counter/embedded_counters.h"
#include "gateway/cross_origin.h"
#include "gateway/front_door.h"
#include "http/server.h"
#include "http/site.h"
#include "http/tls.h"
#include "storage/committer.h"
#include "storage/store.h"
#include "stream/streams.h"
#include "table/maintenance.h"
#include "table/tables.h"

namespace quipu::app {

namespace {

constexpr int exit_refused = 1;
constexpr int exit_store_failed = 70;
constexpr unsigned worker_threads = 4;
constexpr std::size_t worker_tasks_max = 4096;
constexpr std::chrono::milliseconds stop_deadline{10'000};
// After a failure there is nothing left to wait for but the answers that say so.
constexpr std::chrono::milliseconds failed_stop_deadline{2'000};
constexpr std::string_view aws_account = "000000000000";
constexpr int store_failed_signal = SIGUSR1;
constexpr mode_t owner_only = 077;  // whoever reads the data can sign requests

// The signals that end the process, taken one at a time by main() instead of by handlers. Every thread that starts
// later inherits that they are blocked.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, store_failed_signal}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }

  // On any thread.
  void store_failed() {
    store_failed_.store(true);
    kill(getpid(), store_failed_signal);
  }
  bool has_store_failed() const { return store_failed_.load(); }

  int wait() const {
    int signal = 0;
    // The same signal from outside says nothing about the store.
    while (sigwait(&set_, &signal) != 0 || (signal == store_failed_signal && !has_store_failed())) {
    }
    return signal;
  }

 private:
  sigset_t set_{};
  std::atomic<bool> store_failed_{false};
};

int refuse(const Error& error) {
  std::fprintf(stderr, "quipu: %s\n", error.message.c_str());
  return exit_refused;
}

Result<> check_exposure(const ServeSettings& settings) {
  if (!is_public_address(settings.host) || settings.unsafe_public) return {};
  if (!settings.dev && !settings.tls_cert.empty()) return {};
  return fail(ErrorCode::invalid_argument,
              "{} can be reached from other machines, and {}. Listen on 127.0.0.1, or give --tls-cert and --tls-key "
              "without --dev, or say --unsafe-public if something else protects it",
              settings.host, settings.dev ? "--dev lets everybody in" : "without TLS keys travel in the clear");
}

// Before anything is made: a refusal must not stand behind the first admin key, which is shown only once.
Result<> check_certificate(const ServeSettings& settings) {
  if (!settings.tls_cert.empty()) QUIPU_CHECK(http::TlsContext::for_server(settings.tls_cert, settings.tls_key));
  return {};
}

std::string url_of(const ServeSettings& settings, std::uint16_t port) {
  const bool is_ipv6 = settings.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", settings.tls_cert.empty() ? "http" : "https", is_ipv6 ? "[" : "", settings.host,
                     is_ipv6 ? "]" : "", port);
}

void print_welcome(const ServeSettings& settings, std::uint16_t port) {
  const std::string url = url_of(settings, port);
  const std::string key = settings.dev ? "" : "-H \"x-api-key: $QUIPU_API_KEY\" ";
  const std::string text = fmt::format("Quipu " QUIPU_VERSION
                                       " listens on {0}{2}\nData: {1}\n\n"
                                       "  curl -X POST {3}'{0}/counter/increment?counter=orders'\n"
                                       "  curl {3}'{0}/counter?counter=orders'\n"
                                       "  curl -N {3}'{0}/counter/watch?counter=orders'\n"
                                       "  aws dynamodb list-tables --endpoint-url {0}\n\n",
                                       url, std::filesystem::absolute(settings.data).lexically_normal().string(),
                                       settings.dev ? " (development: no API keys)" : "", key);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

Result<> make_first_key(gateway::KeyRing& ring) {
  if (!ring.empty()) return {};
  QUIPU_TRY(const auto made, ring.create("first admin", gateway::Role::admin));
  std::printf(
      "The first admin key, shown only now:\n\n  export QUIPU_API_KEY=%s\n\n"
      "The same for AWS's clients:\n\n  export AWS_ACCESS_KEY_ID=%s\n  export AWS_SECRET_ACCESS_KEY=%s\n\n",
      made.key.c_str(), made.info.id.c_str(), made.aws_secret.c_str());
  std::fflush(stdout);
  return {};
}

static_assert(threads_max <= http::loops_max);

unsigned loops_for(const ServeSettings& settings) {
  if (settings.threads != 0) return settings.threads;
  // One a core, although the committer needs one too: it mostly waits for the disk.
  return std::clamp(std::thread::hardware_concurrency(), 1U, threads_max);
}

http::ServerOptions server_options(const ServeSettings& settings) {
  http::ServerOptions options{.host = settings.host, .port = settings.port, .loops = loops_for(settings)};
  options.limits.connections_max = static_cast<std::size_t>(settings.connections_max);
  options.limits.large_body_path = "/";
  options.limits.large_body_bytes_max = aws::wire::body_bytes_max;
  // What is refused may have an origin that was not read.
  options.refusal_headers = gateway::any_origin_headers();
  if (!settings.tls_cert.empty()) options.tls = http::TlsFiles{settings.tls_cert, settings.tls_key};
  return options;
}

// Ends once all writes that were submitted before it are finished.
class LastWrite final : public storage::Write {
 public:
  void wait() { finished_.acquire(); }

 private:
  void apply(storage::WriteGroup&) override {}
  void finish(storage::Committed) noexcept override { finished_.release(); }

  std::binary_semaphore finished_{0};
};

void wait_and_stop(const StopSignals& signals, http::Server& server, WorkerPool& workers,
                   storage::Committer& committer) {
  const int signal = signals.wait();
  log_info("stopping", {{"signal", signal == store_failed_signal ? "store failed" : sigabbrev_np(signal)}});
  if (signal == store_failed_signal) {
    server.stop(failed_stop_deadline);
    // What is durable is for the next start to find out; nothing here may touch the directory again.
    _exit(exit_store_failed);
  }
  if (!server.stop(stop_deadline)) log_warning("requests_given_up");
  // What was given up is still with a worker or the committer, and uses parts that are destroyed before these two.
  workers.stop();
  LastWrite last;
  committer.submit(last);
  last.wait();
}

// Runs until a signal; the parts are destroyed on the way out, last first. The server comes first, because the
// committer and the workers may wake its exchanges until they have ended.
Result<int> run(const ServeSettings& settings, StopSignals& signals) {
  std::unique_ptr<http::Server> server;
  std::atomic<const http::Server*> listening{nullptr};  // a request may come before start() has returned
  const Clock clock;
  QUIPU_TRY(const auto store, storage::Store::open({
                                  .directory = settings.data,
                                  .accept_loss = settings.accept_loss,
                                  .block_cache_bytes = settings.cache_mib * 1_MiB,
                                  .free_space_floor_bytes = settings.free_space_floor_mib * 1_MiB,
                                  .simulated_disk = settings.simulated_disk,
                              }));
  storage::Committer committer{*store, [&signals](const Error& error) {
                                 log_error("store_failed", {{"error", error.message}});
                                 signals.store_failed();
                               }};
  QUIPU_TRY(const auto tables, table::Tables::open(*store, committer, clock));
  // Before the workers: they change schemas, of which it is told.
  table::Maintenance maintenance{*tables, {.expire_every = std::chrono::seconds{settings.expiry_interval_s}}};
  WorkerPool workers{worker_threads, worker_tasks_max};
  QUIPU_TRY(const auto counters, counter::EmbeddedCounters::open(*tables, workers));
  QUIPU_TRY(const auto ring, gateway::KeyRing::open(*tables));

  const stream::Streams streams{*tables};
  for (const gateway::Plan& plan : settings.plans) QUIPU_CHECK(ring->put_plan(plan));
  KeyCallers callers{*ring};

  QUIPU_TRY(RemoteStores remote_stores, open_remote_stores(settings.stores));
  gateway::Stores stores;
  stores.add(gateway::Stores::local_name, *counters);
  remote_stores.add_to(stores);

  gateway::FrontDoor front_door{{
      .counters = *counters,
      .stores = stores,
      .ring = *ring,
      .workers = workers,
      .keys = settings.dev ? gateway::Keys::off : gateway::Keys::required,
      .conditional_writes = {.on = settings.stores.conditional_writes, .max = settings.stores.max_counter_value},
      .probes = {.not_ready = [&] { return reason_not_ready(store->figures()); },
                 .metrics =
                     [&] {
                       return metrics_text(listening.load(), committer, *store, maintenance.figures(), stores,
                                           ring->plan_book());
                     }},
  }};
  aws::Front aws_front{{.tables = *tables,
                        .streams = streams,
                        .workers = workers,
                        .clock = clock,
                        .region = settings.aws_region,
                        .account = std::string{aws_account},
                        .owned_table = std::string{counter::EmbeddedCounters::table_name},
                        .limits = settings.dev ? nullptr : &callers,
                        .exactly_once = settings.exactly_once},
                       settings.dev ? nullptr : &callers,
                       loops_for(settings)};
  http::Site site{{{.path = "/", .handler = aws_front}}, front_door};
  if (!settings.dev) QUIPU_CHECK(make_first_key(*ring));
  QUIPU_TRY(server, http::Server::start(server_options(settings), site));
  listening.store(server.get());
  print_welcome(settings, server->port());
  log_info("listening", {{"url", url_of(settings, server->port())},
                         {"data", settings.data.string()},
                         {"threads", loops_for(settings)},
                         {"keys", settings.dev ? "off" : "required"}});

  wait_and_stop(signals, *server, workers, committer);
  return 0;
}

}  // namespace

bool is_public_address(std::string_view host) {
  return !(host == "localhost" || host == "::1" || host.starts_with("127."));
}

int serve(const ServeSettings& settings) {
  set_log_level(settings.log_level);
  umask(owner_only);
  StopSignals signals;
  if (const auto exposure = check_exposure(settings); !exposure) return refuse(exposure.error());
  if (const auto certificate = check_certificate(settings); !certificate) return refuse(certificate.error());
  const auto code = run(settings, signals);
  if (!code) return refuse(code.error());
  if (signals.has_store_failed()) return exit_store_failed;  // while it was stopping
  log_info("stopped");
  return *code;
}

}  // namespace quipu::app
