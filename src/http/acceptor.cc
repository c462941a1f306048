#include "http/acceptor.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/log.h"

namespace quipu::http {
namespace {

constexpr unsigned accepts_per_turn_max = 64;

Descriptor open_spare() {
  return Descriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

}  // namespace

Acceptor::Acceptor(Descriptor listener, ServerCommon& common, EventLoop& home, std::vector<EventLoop*> loops)
    : listener_{std::move(listener)}, spare_{open_spare()}, common_{common}, home_{home}, loops_{std::move(loops)} {}

Result<> Acceptor::open() {
  if (!home_.poller().add_listener(listener_.number(), static_cast<ReadyListener*>(this))) {
    return fail(ErrorCode::environment, "cannot wait for connections: {}", std::generic_category().message(errno));
  }
  home_.set_listener(*this);
  return {};
}

void Acceptor::on_ready() {
  for (unsigned i = 0; i < accepts_per_turn_max && listener_.is_open(); ++i) {
    const int number = ::accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (number >= 0) {
      spread(Descriptor{number});
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      if (drop_one()) continue;
      if (!spare_.is_open()) pause();
      return;
    }
    // Everything else is about one connection that is gone already.
  }
}

// False if nobody was waiting, or if even this is not possible: then there is no spare descriptor any more.
bool Acceptor::drop_one() {
  if (!spare_.is_open()) return false;
  spare_.close();
  const bool dropped = Descriptor{::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC)}.is_open();
  const bool nobody_waits = !dropped && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (dropped) common_.figures.connections_refused.add();
  if (dropped || nobody_waits) spare_ = open_spare();
  return dropped && spare_.is_open();
}

void Acceptor::pause() {
  log_warning("accept_paused", {{"reason", "no descriptors or no memory left"}});
  home_.poller().remove(listener_.number());
  is_paused_ = true;
}

// To the loop with the fewest connections.
void Acceptor::spread(Descriptor socket) {
  const std::size_t open = common_.connections.fetch_add(1, std::memory_order_relaxed);
  const bool refused = open >= common_.limits.connections_max;
  common_.figures.connections_accepted.add();
  if (refused) common_.figures.connections_refused.add();
  EventLoop* const loop =
      *std::ranges::min_element(loops_, {}, [](const EventLoop* candidate) { return candidate->load(); });
  loop->adopt(std::move(socket), refused);
}

void Acceptor::on_sweep() {
  if (!is_paused_ || !listener_.is_open()) return;
  if (!spare_.is_open()) spare_ = open_spare();
  is_paused_ = !home_.poller().add_listener(listener_.number(), static_cast<ReadyListener*>(this));
}

void Acceptor::stop() {
  listener_.close();
}

}  // namespace quipu::http
