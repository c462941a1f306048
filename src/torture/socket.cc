#include "torture/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "base/random.h"

namespace quipu::torture {

namespace {

constexpr int listen_backlog = 128;

// Below what the kernel hands out by itself: a connect to a port that nobody listens on yet could otherwise get the
// same port for its own end, and so connect to itself.
constexpr std::uint16_t first_port = 15'000;
constexpr std::uint16_t ports = 15'000;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A signal does not stop the kernel from connecting. 0 or the error.
int outcome_of_interrupted_connect(int socket) {
  constexpr int connect_max_ms = 10'000;
  pollfd connected{.fd = socket, .events = POLLOUT, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&connected, 1, connect_max_ms);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

void FileDescriptor::close() noexcept {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Result<FileDescriptor> connect_loopback(std::uint16_t port) {
  FileDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket.open()) return fail(ErrorCode::environment, "socket: {}", std::strerror(errno));
  const auto address = loopback(port);
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno == EINTR ? outcome_of_interrupted_connect(socket.number()) : errno;
    if (error != 0) return fail(ErrorCode::unavailable, "connect to port {}: {}", port, std::strerror(error));
  }
  const int on = 1;
  ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(socket.number(), F_SETFL, ::fcntl(socket.number(), F_GETFL) | O_NONBLOCK);
  return socket;
}

Result<FileDescriptor> listen_loopback(std::uint16_t port, std::uint16_t& bound_port) {
  FileDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket.open()) return fail(ErrorCode::environment, "socket: {}", std::strerror(errno));
  const int on = 1;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto address = loopback(port);
  socklen_t size = sizeof address;
  if (::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.number(), listen_backlog) != 0 ||
      ::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return fail(ErrorCode::environment, "listen on port {}: {}", port, std::strerror(errno));
  bound_port = ntohs(address.sin_port);
  return socket;
}

Result<std::uint16_t> free_port() {
  constexpr int attempts_max = 100;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const auto chance = load_big_endian<std::uint16_t>(secure_random_bytes(2));
    std::uint16_t port = 0;
    if (listen_loopback(static_cast<std::uint16_t>(first_port + chance % ports), port)) return port;
  }
  return fail(ErrorCode::environment, "no free port in {} attempts", attempts_max);
}

}  // namespace quipu::torture
