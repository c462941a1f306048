#include "torture/dropping_proxy.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace quipu::torture {

namespace {

// Bytes moved at once; requests and answers of the torture run are far smaller.
constexpr std::size_t chunk_bytes = 64 * 1024;

// False when the sender is gone. `got` is 0 if there was nothing to read.
bool receive(int from, std::array<char, chunk_bytes>& buffer, std::size_t& got) {
  const auto bytes = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
  got = bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  return bytes > 0 || (bytes < 0 && (errno == EAGAIN || errno == EINTR));
}

// The peer always reads soon, or is dead; so the little there is may be sent in one go.
bool send_all(int to, const char* data, std::size_t size) {
  while (size > 0) {
    const auto done = ::send(to, data, size, MSG_NOSIGNAL);
    if (done < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return false;
      pollfd writable{.fd = to, .events = POLLOUT, .revents = 0};
      ::poll(&writable, 1, 100);
      continue;
    }
    data += done;
    size -= static_cast<std::size_t>(done);
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<DroppingProxy>> DroppingProxy::start(unsigned drop_percent, std::uint64_t seed) {
  std::unique_ptr<DroppingProxy> proxy{new DroppingProxy{drop_percent, seed}};
  QUIPU_TRY(proxy->listener_, listen_loopback(0, proxy->port_));
  proxy->stop_ = FileDescriptor{::eventfd(0, EFD_CLOEXEC)};
  if (!proxy->stop_.open()) return fail(ErrorCode::environment, "eventfd: {}", std::strerror(errno));
  proxy->thread_ = std::jthread{[self = proxy.get()] { self->run(); }};
  return proxy;
}

DroppingProxy::~DroppingProxy() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_.number(), &one, sizeof one);
}

void DroppingProxy::run() {
  std::vector<pollfd> waiting;
  for (;;) {
    waiting.clear();
    waiting.push_back({.fd = stop_.number(), .events = POLLIN, .revents = 0});
    waiting.push_back({.fd = listener_.number(), .events = POLLIN, .revents = 0});
    for (const auto& pair : pairs_) {
      waiting.push_back({.fd = pair.client.number(), .events = POLLIN, .revents = 0});
      waiting.push_back({.fd = pair.server.number(), .events = POLLIN, .revents = 0});
    }
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    if (waiting[0].revents != 0) return;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      if (waiting[2 + 2 * i].revents != 0) pass_on_request(pairs_[i]);
      if (waiting[3 + 2 * i].revents != 0 && !pairs_[i].finished) pass_on_answer(pairs_[i]);
    }
    std::erase_if(pairs_, [](const Pair& pair) { return pair.finished; });
    if (waiting[1].revents != 0) accept_one();
  }
}

void DroppingProxy::accept_one() {
  FileDescriptor client{::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!client.open()) return;
  auto server = connect_loopback(server_port_.load());
  if (!server) return;  // the client sees its connection close
  pairs_.push_back({.client = std::move(client), .server = *std::move(server)});
}

void DroppingProxy::pass_on_request(Pair& pair) {
  std::array<char, chunk_bytes> buffer;
  std::size_t got = 0;
  const bool alive = receive(pair.client.number(), buffer, got);
  pair.finished = !alive || !send_all(pair.server.number(), buffer.data(), got);
}

void DroppingProxy::pass_on_answer(Pair& pair) {
  std::array<char, chunk_bytes> buffer;
  std::size_t got = 0;
  const bool alive = receive(pair.server.number(), buffer, got);
  if (got > 0 && random_.below(100) < drop_percent_) {
    answers_dropped_.fetch_add(1);
    pair.finished = true;
    return;
  }
  pair.finished = !alive || !send_all(pair.client.number(), buffer.data(), got);
}

}  // namespace quipu::torture
