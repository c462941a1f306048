#include "http/client.h"

#include <gtest/gtest.h>

#include "http/test_support.h"

namespace quipu::http {
namespace {

using namespace testing;

// A server that does what the test's script says with one connection after the other, and nothing else.
class ScriptedServer {
 public:
  using Script = std::function<void(int socket)>;

  explicit ScriptedServer(std::vector<Script> scripts) : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.number(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.number(), 16), 0);
    getsockname(listener_.number(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread{[this, scripts = std::move(scripts)] {
      for (const Script& script : scripts) {
        const Descriptor peer{::accept(listener_.number(), nullptr, nullptr)};
        script(peer.number());
      }
    }};
  }
  std::uint16_t port() const { return port_; }

 private:
  Descriptor listener_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

void read_request(int socket) {
  std::string text;
  char bytes[4'096];
  while (!text.ends_with("\r\n\r\n")) {
    const ssize_t size = ::recv(socket, bytes, sizeof bytes, 0);
    if (size <= 0) return;
    text.append(bytes, static_cast<std::size_t>(size));
  }
}

void write_answer(int socket, std::string_view text) {
  ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

Client connect(std::uint16_t port, const ClientOptions& options = {}) {
  auto client = Client::connect("127.0.0.1", port, options);
  EXPECT_TRUE(client.has_value()) << client.error().message;
  return std::move(*client);
}

TEST(Client, KeepsItsConnection) {
  TestServer server;
  Client client = connect(server.port());
  for (int i = 0; i < 5; ++i) {
    const auto response = client.request(Method::post, "/a?b=c", {}, "body");
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "POST /a?b=c body");
    EXPECT_EQ(response->header("content-TYPE"), "text/plain");
  }
  EXPECT_EQ(server.figures().connections_accepted.value(), 1);
}

TEST(Client, ConnectsAgainWhenTheServerHasClosed) {
  TestServer server;
  Client client = connect(server.port());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(client.request(Method::get, "/close").has_value());
  }
  EXPECT_EQ(server.figures().connections_accepted.value(), 3);
}

TEST(Client, ConnectsAgainWhenTheServerHasClosedAnIdleConnection) {
  TestServer server{{.limits = {.idle_deadline = 50ms}}};
  Client client = connect(server.port());
  EXPECT_TRUE(client.request(Method::get, "/").has_value());
  EXPECT_TRUE(eventually([&] { return server.figures().connections_closed.value() == 1; }));
  EXPECT_TRUE(client.request(Method::get, "/").has_value());
}

TEST(Client, HeadAnswersHaveNoBody) {
  TestServer server;
  Client client = connect(server.port());
  const auto head = client.request(Method::head, "/big/100");
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->header("Content-Length"), "100");
  EXPECT_EQ(head->body, "");
  EXPECT_TRUE(client.request(Method::get, "/").has_value());
}

TEST(Client, NobodyListeningIsSaid) {
  std::uint16_t port = 0;
  {
    TestServer server;
    port = server.port();
  }
  const auto client = Client::connect("127.0.0.1", port);
  ASSERT_FALSE(client.has_value());
  EXPECT_EQ(client.error().code, ErrorCode::unavailable);
  EXPECT_EQ(client.error().message,
            fmt::format("cannot connect to 127.0.0.1:{}: Connection refused; is the server running?", port));
}

TEST(Client, ARequestThatHttpDoesNotAllowIsNotSent) {
  TestServer server;
  Client client = connect(server.port());
  for (const std::string_view target : {"", "a", "/a b", "/a\r\nHost: x"}) {
    const auto response = client.request(Method::get, target);
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, ErrorCode::invalid_argument);
  }
  const std::array headers{Header{"A", "b\r\nC: d"}};
  EXPECT_FALSE(client.request(Method::get, "/", headers).has_value());
  EXPECT_EQ(server.handler.handled, 0);
}

// A caller who counts must know: this request may have been executed.
TEST(Client, AnAnswerThatDoesNotComeLeavesTheOutcomeUnknown) {
  ScriptedServer server{{[](int socket) { read_request(socket); }}};
  Client client = connect(server.port());
  const auto response = client.request(Method::post, "/", {}, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::outcome_unknown);
  EXPECT_NE(response.error().message.find("may have been executed"), std::string::npos) << response.error().message;
}

TEST(Client, AnAnswerThatIsCutLeavesTheOutcomeUnknown) {
  ScriptedServer server{{[](int socket) {
    read_request(socket);
    write_answer(socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  }}};
  Client client = connect(server.port());
  const auto response = client.request(Method::get, "/");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::outcome_unknown);
}

TEST(Client, ATimeoutLeavesTheOutcomeUnknown) {
  TestServer server;
  Client client = connect(server.port(), {.call_timeout = 50ms});
  const auto response = client.request(Method::get, "/later/a");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::outcome_unknown);
  server.handler.release("a");
  EXPECT_EQ(client.request(Method::get, "/")->body, "GET /? ");  // not the late answer to the other
}

TEST(Client, ARequestThatWasNotSentWholeWasNotExecuted) {
  ScriptedServer server{{[](int socket) {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    char bytes[100];
    EXPECT_GT(::recv(socket, bytes, sizeof bytes, 0), 0);
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  }}};
  Client client = connect(server.port());
  const auto response = client.request(Method::put, "/", {}, std::string(8'000'000, 'x'));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
}

TEST(Client, ARefusalThatComesBeforeTheEndOfTheRequestIsSeen) {
  TestServer server;
  Client client = connect(server.port());
  const auto response = client.request(Method::put, "/", {}, std::string(1'500'000, 'x'));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 413);
  EXPECT_TRUE(client.request(Method::get, "/").has_value());
}

TEST(Client, ABodyOverTheLimitIsRefused) {
  TestServer server;
  Client client = connect(server.port(), {.body_bytes_max = 1'000});
  EXPECT_TRUE(client.request(Method::get, "/big/1000").has_value());
  const auto response = client.request(Method::get, "/big/1001");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::too_large);
}

TEST(Client, StreamsArriveAsTheyAreSent) {
  TestServer server;
  Client client = connect(server.port());
  std::thread publisher{[&] { server.handler.publish("s", "data: 1\n\n"); }};
  std::string received;
  const auto response = client.stream(Method::get, "/stream/s", {}, {}, [&](std::string_view bytes) {
    received += bytes;
    if (received == "data: 1\n\n") server.handler.publish("s", "data: 2\n\n");
    return received != "data: 1\n\ndata: 2\n\n";
  });
  publisher.join();
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->header("Content-Type"), "text/event-stream");
  EXPECT_EQ(received, "data: 1\n\ndata: 2\n\n");
  EXPECT_TRUE(eventually([&] { return server.handler.streams_closed == 1; }));  // as the caller wanted no more
}

TEST(Client, AStreamThatIsRefusedHasABody) {
  ScriptedServer server{{[](int socket) {
    read_request(socket);
    write_answer(socket, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
  }}};
  Client client = connect(server.port());
  const auto response = client.stream(Method::get, "/", {}, {}, [](std::string_view) { return true; });
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "none");
}

}  // namespace
}  // namespace quipu::http
