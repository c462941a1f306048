#include "http/wire.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

namespace quipu::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

struct Listener {
  Descriptor socket;
  std::uint16_t port = 0;
};

Listener listen_here(int backlog) {
  Listener listener{.socket = Descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener.socket.number(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(listener.socket.number(), backlog), 0);
  EXPECT_EQ(::getsockname(listener.socket.number(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  listener.port = ntohs(address.sin_port);
  return listener;
}

Addresses address_of(std::uint16_t port) {
  auto found = resolve("127.0.0.1", port, steady_clock::now());
  EXPECT_TRUE(found);
  return found ? *std::move(found) : nullptr;
}

// As a name server would give them.
Addresses addresses_of(std::uint16_t first, std::uint16_t second) {
  Addresses addresses = address_of(first);
  addresses->ai_next = address_of(second).release();
  return addresses;
}

TEST(Connecting, ASilentAddressIsPassedInTime) {
  // Nobody accepts, and those who may wait do: whoever comes later hears nothing.
  const Listener silent = listen_here(0);
  const Addresses address = address_of(silent.port);
  std::vector<Descriptor> waiting;
  const auto one_more_waits = [&] {
    errno = 0;
    return waiting.emplace_back(connect_to_one_of(address, steady_clock::now() + 100ms)).is_open();
  };
  while (one_more_waits()) ASSERT_LT(waiting.size(), 64U);
  EXPECT_EQ(errno, ETIMEDOUT);

  const Listener good = listen_here(16);
  const MonotonicTime start = steady_clock::now();
  EXPECT_TRUE(connect_to_one_of(addresses_of(silent.port, good.port), start + 400ms).is_open());
  EXPECT_GE(steady_clock::now() - start, 200ms);
}

TEST(Connecting, ADeadAddressIsPassedAtOnce) {
  const std::uint16_t dead = listen_here(1).port;
  const Listener good = listen_here(16);
  const MonotonicTime deadline = steady_clock::now() + 60s;
  EXPECT_TRUE(connect_to_one_of(addresses_of(dead, good.port), deadline).is_open());
  EXPECT_LT(steady_clock::now(), deadline - 30s);
  errno = 0;
  EXPECT_FALSE(connect_to_one_of(addresses_of(dead, dead), deadline).is_open());
  EXPECT_EQ(errno, ECONNREFUSED);
}

}  // namespace
}  // namespace quipu::http
