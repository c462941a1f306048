#include "torture/dropping_proxy.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

#include "torture/connection.h"

namespace quipu::torture {
namespace {

class Proxied : public testing::Test {
 protected:
  void start(unsigned drop_percent) {
    std::uint16_t port = 0;
    auto listening = listen_loopback(0, port);
    ASSERT_TRUE(listening);
    listener = *std::move(listening);
    auto started = DroppingProxy::start(drop_percent, 1);
    ASSERT_TRUE(started) << started.error().message;
    proxy = *std::move(started);
    proxy->aim_at(port);
    auto opened = Connection::open(proxy->port());
    ASSERT_TRUE(opened);
    client = *std::move(opened);
  }

  // As the server: takes one request, so that it was executed, and answers.
  void serve(std::string_view answer) {
    pollfd waiting{.fd = listener.number(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&waiting, 1, 5000), 1);
    const FileDescriptor server{::accept4(listener.number(), nullptr, nullptr, SOCK_CLOEXEC)};
    std::string request(4096, '\0');
    const auto got = ::recv(server.number(), request.data(), request.size(), 0);
    ASSERT_GT(got, 0);
    request.resize(static_cast<std::size_t>(got));
    EXPECT_EQ(request, "GET / HTTP/1.1\r\n\r\n");
    ASSERT_GT(::send(server.number(), answer.data(), answer.size(), MSG_NOSIGNAL), 0);
  }

  Connection::Progress advance() {
    auto progress = Connection::Progress::waiting;
    while (progress == Connection::Progress::waiting) {
      pollfd waiting{.fd = client.descriptor(), .events = POLLIN, .revents = 0};
      EXPECT_EQ(::poll(&waiting, 1, 5000), 1);
      progress = client.advance();
    }
    return progress;
  }

  FileDescriptor listener;
  std::unique_ptr<DroppingProxy> proxy;
  Connection client;
};

TEST_F(Proxied, AnAnswerIsPassedOn) {
  start(0);
  client.send("GET / HTTP/1.1\r\n\r\n");
  serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(advance(), Connection::Progress::answered);
  EXPECT_EQ(client.answer().body, "ok");
  EXPECT_EQ(proxy->answers_dropped(), 0U);
}

TEST_F(Proxied, TheServerExecutesAndTheClientSeesItsConnectionClose) {
  start(100);
  client.send("GET / HTTP/1.1\r\n\r\n");
  serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(advance(), Connection::Progress::closed);
  EXPECT_EQ(proxy->answers_dropped(), 1U);
}

TEST_F(Proxied, WithoutAServerTheClientSeesItsConnectionClose) {
  start(0);
  const auto nobody = free_port();
  ASSERT_TRUE(nobody);
  proxy->aim_at(*nobody);
  auto opened = Connection::open(proxy->port());
  ASSERT_TRUE(opened);
  client = *std::move(opened);
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(advance(), Connection::Progress::closed);
}

}  // namespace
}  // namespace quipu::torture
