#include "torture/connection.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

namespace quipu::torture {
namespace {

// The other end of a connection, played by the test.
class Peer : public testing::Test {
 protected:
  void SetUp() override {
    std::uint16_t port = 0;
    auto listener = listen_loopback(0, port);
    ASSERT_TRUE(listener);
    auto opened = Connection::open(port);
    ASSERT_TRUE(opened) << opened.error().message;
    connection = *std::move(opened);
    pollfd waiting{.fd = listener->number(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&waiting, 1, 5000), 1);
    peer = FileDescriptor{::accept4(listener->number(), nullptr, nullptr, SOCK_CLOEXEC)};
    ASSERT_TRUE(peer.open());
  }

  void answer(std::string_view bytes) {
    ASSERT_EQ(::send(peer.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  // Until there is something to read.
  Connection::Progress advance() {
    pollfd waiting{.fd = connection.descriptor(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&waiting, 1, 5000), 1);
    return connection.advance();
  }

  Connection connection;
  FileDescriptor peer;
};

TEST_F(Peer, AnAnswerIsTakenWithItsStatusAndBody) {
  connection.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(connection.busy());
  answer("HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\ncontent-LENGTH: 5\r\n\r\nhello");
  EXPECT_EQ(advance(), Connection::Progress::answered);
  EXPECT_EQ(connection.answer().status, 409);
  EXPECT_EQ(connection.answer().body, "hello");
  EXPECT_FALSE(connection.busy());
}

TEST_F(Peer, AnAnswerMayComeInPieces) {
  connection.send("GET / HTTP/1.1\r\n\r\n");
  const std::string_view whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    answer(whole.substr(i, 1));
    ASSERT_EQ(advance(), Connection::Progress::waiting) << i;
  }
  answer("k");
  EXPECT_EQ(advance(), Connection::Progress::answered);
}

TEST_F(Peer, AnAnswerThatCameBeforeTheEndIsStillTaken) {
  connection.send("GET / HTTP/1.1\r\n\r\n");
  answer("HTTP/1.1 204 No Content\r\n\r\n");
  peer.close();
  EXPECT_EQ(advance(), Connection::Progress::answered);
  EXPECT_EQ(connection.answer().status, 204);
}

TEST_F(Peer, AServerThatSaysCloseIsBelieved) {
  connection.send("GET / HTTP/1.1\r\n\r\n");
  answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(advance(), Connection::Progress::answered);
  EXPECT_EQ(connection.answer().body, "ok");
  EXPECT_FALSE(connection.is_open());
}

TEST_F(Peer, HalfAnAnswerIsNone) {
  connection.send("GET / HTTP/1.1\r\n\r\n");
  answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  peer.close();
  auto progress = advance();
  while (progress == Connection::Progress::waiting) progress = advance();
  EXPECT_EQ(progress, Connection::Progress::closed);
  EXPECT_FALSE(connection.is_open());
}

TEST(Ports, AFreePortCanBeListenedOn) {
  const auto port = free_port();
  ASSERT_TRUE(port);
  std::uint16_t bound = 0;
  EXPECT_TRUE(listen_loopback(*port, bound));
  EXPECT_EQ(bound, *port);
}

TEST(Ports, NobodyListensIsAnError) {
  const auto port = free_port();
  ASSERT_TRUE(port);
  EXPECT_FALSE(connect_loopback(*port));
}

}  // namespace
}  // namespace quipu::torture
