#include "http/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "base/log.h"
#include "http/acceptor.h"
#include "http/event_loop.h"

namespace quipu::http {
namespace {

constexpr int listen_backlog = 4'096;
// Descriptors that are not connections: the store's files, logs, loops.
constexpr rlim_t descriptors_for_others = 1'000;

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};

void raise_descriptor_limit(std::size_t connections_max) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur < connections_max + descriptors_for_others) {
    log_warning("few_descriptors", {{"limit", limit.rlim_cur},
                                    {"connections_max", connections_max},
                                    {"what_to_do", "raise the hard limit: ulimit -Hn"}});
  }
}

Result<Descriptor> listen_on(const addrinfo& address) {
  Descriptor socket{::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const int on = 1;
  if (!socket.is_open() || setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(socket.number(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::listen(socket.number(), listen_backlog) != 0) {
    return fail(ErrorCode::environment, "{}", std::generic_category().message(errno));
  }
  return socket;
}

Result<Descriptor> open_listener(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    return fail(ErrorCode::environment, "cannot listen on {}:{}: {}", host, port, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> addresses{found};
  auto listener = listen_on(*addresses);
  if (!listener) {
    return fail(ErrorCode::environment, "cannot listen on {}:{}: {}; is another server running? Choose another port.",
                host, port, listener.error().message);
  }
  return listener;
}

std::uint16_t port_of(const Descriptor& listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int result = getsockname(listener.number(), reinterpret_cast<sockaddr*>(&address), &size);
  QUIPU_ASSERT(result == 0, "getsockname: {}", std::generic_category().message(errno));
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
  return ntohs(address.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

// Signals are for the program's own threads.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

struct Server::Parts {
  Parts(const ServerOptions& options, Handler& handler) : common{options, handler} {}

  ServerCommon common;
  std::vector<std::unique_ptr<EventLoop>> loops;
  std::unique_ptr<Acceptor> acceptor;
  std::uint16_t port = 0;
  bool stopped = false;
  bool gave_up = false;
  std::vector<std::jthread> threads;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}

Server::~Server() {
  stop();
}

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Handler& handler) {
  if (options.loops == 0 || options.loops > loops_max) {
    return fail(ErrorCode::invalid_argument, "a server has 1 to {} loops, not {}", loops_max, options.loops);
  }
  auto parts = std::make_unique<Parts>(options, handler);
  if (options.tls) {
    QUIPU_TRY(parts->common.tls, TlsContext::for_server(options.tls->certificate, options.tls->key));
  }
  raise_descriptor_limit(options.limits.connections_max);
  QUIPU_TRY(Descriptor listener, open_listener(options.host, options.port));
  parts->port = port_of(listener);
  std::vector<EventLoop*> loops;
  for (unsigned i = 0; i < options.loops; ++i) {
    parts->loops.push_back(std::make_unique<EventLoop>(parts->common, i));
    QUIPU_CHECK(parts->loops.back()->open());
    loops.push_back(parts->loops.back().get());
  }
  parts->acceptor = std::make_unique<Acceptor>(std::move(listener), parts->common, *loops.front(), loops);
  QUIPU_CHECK(parts->acceptor->open());
  for (EventLoop* loop : loops) {
    parts->threads.emplace_back([loop] {
      block_signals();
      loop->run();
    });
  }
  return std::unique_ptr<Server>{new Server{std::move(parts)}};
}

std::uint16_t Server::port() const {
  return parts_->port;
}

bool Server::stop(std::chrono::milliseconds deadline) {
  if (std::exchange(parts_->stopped, true)) return !parts_->gave_up;
  const MonotonicTime until = std::chrono::steady_clock::now() + deadline;
  for (const auto& loop : parts_->loops) loop->stop(until);
  for (std::jthread& thread : parts_->threads) thread.join();
  std::size_t given_up = 0;
  for (const auto& loop : parts_->loops) given_up += loop->given_up();
  if (given_up > 0) log_warning("requests_given_up", {{"count", given_up}});
  parts_->gave_up = given_up > 0;
  return given_up == 0;
}

const ServerFigures& Server::figures() const {
  return parts_->common.figures;
}

std::size_t Server::buffered_bytes() const {
  return parts_->common.budget.used_bytes();
}

}  // namespace quipu::http
