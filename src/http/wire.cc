#include "http/wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace quipu::http {
namespace {

// False with errno ETIMEDOUT when the deadline has passed.
bool wait_for(int socket, short events, MonotonicTime deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd waiting{.fd = socket, .events = events, .revents = 0};
    const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left, 1 << 30)));
    if (ready > 0) return true;
    if (ready == 0) errno = ETIMEDOUT;
    if (ready == 0 || errno != EINTR) return false;
  }
}

bool connect_to(int socket, const addrinfo& address, MonotonicTime deadline) {
  if (::connect(socket, address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS && errno != EINTR) return false;
  if (!wait_for(socket, POLLOUT, deadline)) return false;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  errno = error;
  return error == 0;
}

}  // namespace

Descriptor connect_to_one_of(const Addresses& addresses, MonotonicTime deadline) {
  int left = 0;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) ++left;
  int reason = EADDRNOTAVAIL;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next, --left) {
    const MonotonicTime now = std::chrono::steady_clock::now();
    Descriptor socket{::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (socket.is_open() && connect_to(socket.number(), *address, now + (deadline - now) / left)) return socket;
    reason = errno;
  }
  errno = reason;
  return Descriptor{};
}

Result<std::unique_ptr<Wire>> Wire::connect(const std::string& host, std::uint16_t port, const TlsContext* tls,
                                            MonotonicTime deadline) {
  QUIPU_TRY(const Addresses addresses, resolve(host, port, deadline));
  Descriptor socket = connect_to_one_of(addresses, deadline);
  if (!socket.is_open()) {
    return fail(ErrorCode::unavailable, "cannot connect to {}:{}: {}; is the server running?", host, port,
                std::generic_category().message(errno));
  }
  const int number = socket.number();
  const int on = 1;
  setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::unique_ptr<TlsSession> session;
  if (tls != nullptr) {
    session = tls->connect(number, host);
    if (!session) return fail(ErrorCode::environment, "cannot use TLS with {}:{}", host, port);
  }
  std::unique_ptr<Wire> wire{new Wire{std::move(socket), std::move(session), number, deadline}};
  if (tls != nullptr) QUIPU_CHECK(wire->shake_hands(host));
  return wire;
}

Result<> Wire::shake_hands(const std::string& host) {
  for (;;) {
    switch (transport_.handshake()) {
      case Transfer::moved: return {};
      case Transfer::would_block: QUIPU_CHECK(wait(POLLIN, deadline_)); break;
      case Transfer::ended:
      case Transfer::broken: return fail(ErrorCode::environment, "no TLS with {}: {}", host, transport_.tls_failure());
    }
  }
}

Result<> Wire::wait(short events, MonotonicTime deadline) {
  if (wait_for(number_, events, deadline)) return {};
  if (errno == ETIMEDOUT) return fail(ErrorCode::unavailable, "the server did not answer in time");
  return fail(ErrorCode::unavailable, "{}", std::generic_category().message(errno));
}

Result<> Wire::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const Transferred sent = transport_.transmit(bytes.data(), bytes.size());
    if (sent.outcome == Transfer::moved) {
      bytes.remove_prefix(sent.bytes);
    } else if (sent.outcome == Transfer::would_block) {
      QUIPU_CHECK(wait(transport_.is_tls() ? POLLIN | POLLOUT : POLLOUT, deadline_));
    } else {
      return fail(ErrorCode::unavailable, "the server has closed the connection");
    }
  }
  return {};
}

Result<std::size_t> Wire::read(char* bytes, std::size_t size) {
  const bool by_silence = silence_max_ != std::chrono::milliseconds::zero();
  const MonotonicTime deadline = by_silence ? std::chrono::steady_clock::now() + silence_max_ : deadline_;
  for (;;) {
    const Transferred received = transport_.receive(bytes, size);
    switch (received.outcome) {
      case Transfer::moved: return received.bytes;
      case Transfer::ended: return std::size_t{0};
      case Transfer::would_block: QUIPU_CHECK(wait(POLLIN, deadline)); break;
      case Transfer::broken: return fail(ErrorCode::unavailable, "the connection was lost");
    }
  }
}

bool Wire::is_stale() {
  char byte = 0;
  if (transport_.is_tls()) return transport_.receive(&byte, 1).outcome != Transfer::would_block;
  return ::recv(number_, &byte, 1, MSG_PEEK) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace quipu::http
