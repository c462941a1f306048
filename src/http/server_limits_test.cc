// Each limit of the server is reached here, over a real socket.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "http/server.h"
#include "http/test_support.h"

namespace quipu::http {
namespace {

using namespace testing;

std::string get(std::string_view path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", path);
}

void expect_refusal(const std::string& answer, std::string_view status, std::string_view error_code) {
  EXPECT_TRUE(answer.starts_with(fmt::format("HTTP/1.1 {} ", status))) << answer;
  EXPECT_TRUE(body_of(answer).starts_with(fmt::format("{{\"error_code\":\"{}\"", error_code))) << answer;
}

TEST(ServerLimits, TooManyConnectionsAreToldSo) {
  TestServer server{{.limits = {.connections_max = 2}}};
  RawPeer first{server.port()};
  RawPeer second{server.port()};
  for (RawPeer* peer : {&first, &second}) {
    peer->send(get("/"));
    EXPECT_NE(peer->read_answer(), "");
  }
  RawPeer third{server.port()};
  third.send(get("/"));
  const std::string answer = third.read_answer();
  expect_refusal(answer, "503", "too_many_connections");
  EXPECT_NE(answer.find("Retry-After: "), std::string::npos);
  EXPECT_TRUE(third.is_at_end());
  third.close();
  first.close();
  EXPECT_TRUE(eventually([&] { return server.figures().connections_closed.value() == 2; }));
  RawPeer fourth{server.port()};
  fourth.send(get("/"));
  EXPECT_EQ(body_of(fourth.read_answer()), "GET /? ");
  EXPECT_EQ(server.figures().connections_refused.value(), 1);
}

// Without descriptors a peer is dropped at once, the loop does not spin, and those who are connected are served.
TEST(ServerLimits, RunningOutOfDescriptorsStopsNobodyElse) {
  TestServer server;
  RawPeer connected{server.port()};
  connected.send(get("/"));
  connected.read_answer();
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  RawPeer dropped;
  const int lowest_free = Descriptor{::dup(0)}.number();
  const rlimit full{.rlim_cur = static_cast<rlim_t>(lowest_free), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &full), 0);
  dropped.connect(server.port());
  EXPECT_TRUE(dropped.is_at_end());
  connected.send(get("/still"));
  EXPECT_EQ(body_of(connected.read_answer()), "GET /still? ");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  RawPeer later{server.port()};
  later.send(get("/later"));
  EXPECT_EQ(body_of(later.read_answer()), "GET /later? ");
  EXPECT_EQ(server.figures().connections_refused.value(), 1);
}

TEST(ServerLimits, SlowHeadersAreRefused) {
  TestServer server{{.limits = {.header_deadline = 100ms}}};
  RawPeer peer{server.port()};
  peer.send("GET / HTTP/1.1\r\nHo");
  expect_refusal(peer.read_answer(), "408", "headers_too_slow");
  EXPECT_TRUE(peer.is_at_end());
  EXPECT_EQ(server.figures().deadlines_missed.value(), 1);
}

// One byte now and then does not keep a connection alive.
TEST(ServerLimits, DribbledHeadersAreRefused) {
  TestServer server{{.limits = {.header_deadline = 100ms}}};
  RawPeer peer{server.port()};
  peer.send("GET / HTTP/1.1\r\nA: ");
  std::atomic<bool> done = false;
  std::thread dribble{[&] {
    while (!done) {
      peer.send("x");
      std::this_thread::sleep_for(5ms);
    }
  }};
  expect_refusal(peer.read_answer(), "408", "headers_too_slow");
  done = true;
  dribble.join();
}

TEST(ServerLimits, SlowBodiesAreRefused) {
  TestServer server{{.limits = {.body_grace = 100ms}}};
  RawPeer peer{server.port()};
  peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nslow");
  expect_refusal(peer.read_answer(), "408", "body_too_slow");
  EXPECT_TRUE(peer.is_at_end());
}

TEST(ServerLimits, WhoWasFastAtFirstMayNotBeSilentLater) {
  TestServer server{{.limits = {.body_grace = 100ms}}};
  RawPeer peer{server.port()};
  peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + std::string(900'000, 'x'));
  expect_refusal(peer.read_answer(), "408", "body_too_slow");
}

TEST(ServerLimits, IdleConnectionsAreClosed) {
  TestServer server{{.limits = {.idle_deadline = 500ms}}};
  RawPeer silent{server.port()};
  RawPeer peer{server.port()};
  peer.send(get("/"));
  EXPECT_NE(peer.read_answer(), "");
  EXPECT_TRUE(peer.is_at_end());
  EXPECT_TRUE(silent.is_at_end());
}

// A handler that takes its time is not an idle peer.
TEST(ServerLimits, NoDeadlineEndsAnExchangeThatWaits) {
  TestServer server{{.limits = {.header_deadline = 200ms, .body_grace = 200ms, .idle_deadline = 200ms}}};
  RawPeer peer{server.port()};
  peer.send(get("/later/a"));
  server.handler.wait_for("a");
  RawPeer other{server.port()};
  EXPECT_TRUE(other.is_at_end());  // so the deadline has passed for this one
  server.handler.release("a");
  EXPECT_EQ(body_of(peer.read_answer()), "a");
}

TEST(ServerLimits, PeersThatDoNotReadAreClosed) {
  TestServer server{{.limits = {.write_deadline = 100ms}}};
  RawPeer peer{server.port(), 4'096};
  peer.send(get("/big/20000000"));
  EXPECT_TRUE(eventually([&] { return server.figures().connections_closed.value() == 1; }));
  EXPECT_EQ(server.figures().deadlines_missed.value(), 1);
  EXPECT_EQ(server.server->buffered_bytes(), 0);
}

TEST(ServerLimits, StreamsWhosePeerDoesNotReadAreClosed) {
  TestServer server{{.limits = {.stream_unsent_bytes_max = 64_KiB}}};
  RawPeer peer{server.port(), 4'096};
  peer.send(get("/stream/s"));
  peer.read_until("\r\n\r\n");
  const std::string piece(16_KiB, 'x');
  EXPECT_TRUE(eventually([&] {
    server.handler.publish_if_open("s", piece);
    return server.handler.streams_closed == 1;
  }));
  EXPECT_TRUE(eventually([&] { return server.server->buffered_bytes() == 0; }));
}

TEST(ServerLimits, LingeringEnds) {
  TestServer server{{.limits = {.linger_deadline = 50ms}}};
  RawPeer peer{server.port()};
  peer.send("nonsense\r\n\r\n");
  peer.read_answer();
  EXPECT_TRUE(eventually([&] { return server.figures().connections_closed.value() == 1; }));
}

TEST(ServerLimits, AnEndlessPeerIsCutOff) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send("nonsense\r\n\r\n");
  const std::string piece(64_KiB, 'x');
  EXPECT_TRUE(eventually([&] {
    peer.send(piece);
    return server.figures().connections_closed.value() == 1;
  }));
  EXPECT_LT(server.figures().received_bytes.value(), 2_MiB);
}

TEST(ServerLimits, SizesAreRefusedByName) {
  TestServer server{{.limits = {.header_bytes_max = 2_KiB, .target_bytes_max = 512, .body_bytes_max = 1'000}}};
  const std::vector<std::tuple<std::string, std::string, std::string>> cases{
      {get("/" + std::string(512, 't')), "414", "target_too_long"},
      {"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(2_KiB, 'a') + "\r\n\r\n", "431", "headers_too_large"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", "413", "body_too_large"},
      {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n", "413", "body_too_large"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", "413", "body_too_large"},
  };
  for (const auto& [input, status, error_code] : cases) {
    for (const std::size_t fragment_bytes : {std::size_t{100}, input.size()}) {
      RawPeer peer{server.port()};
      peer.send_in_fragments(input, fragment_bytes);
      expect_refusal(peer.read_answer(), status, error_code);
    }
  }
}

TEST(ServerLimits, TheLargestRequestIsServed) {
  const Limits limits{.header_bytes_max = 2_KiB, .target_bytes_max = 512, .body_bytes_max = 100'000};
  TestServer server{{.limits = limits}};
  RawPeer peer{server.port()};
  std::string head = "POST /" + std::string(511, 't') + " HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\nA: ";
  head += std::string(limits.header_bytes_max - head.size() - 4, 'a') + "\r\n\r\n";
  ASSERT_EQ(head.size(), limits.header_bytes_max);
  peer.send(head + std::string(100'000, 'b'));
  EXPECT_EQ(body_of(peer.read_answer()).size(), 100'000 + 4 + 1 + 512 + 2);
}

// Unfinished requests share one budget; whoever would pass it is refused, and whole requests still go through.
TEST(ServerLimits, BufferedBytesAreBoundedForAllTogether) {
  TestServer server{{.limits = {.buffered_bytes_max = 64_KiB}}};
  std::vector<std::unique_ptr<RawPeer>> holders;
  const std::string partial = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n" + std::string(10'000, 'x');
  for (int i = 0; i < 3; ++i) {
    holders.push_back(std::make_unique<RawPeer>(server.port()));
    holders.back()->send(partial);
    EXPECT_TRUE(
        eventually([&] { return server.server->buffered_bytes() >= static_cast<std::size_t>(i + 1) * 10'000; }));
  }
  RawPeer refused{server.port()};
  refused.send(partial);
  expect_refusal(refused.read_answer(), "503", "server_busy");
  RawPeer whole{server.port()};
  whole.send(get("/"));
  EXPECT_EQ(body_of(whole.read_answer()), "GET /? ");
  EXPECT_LE(server.server->buffered_bytes(), 64_KiB);
  for (const auto& holder : holders) {
    holder->send(std::string(10'000, 'x'));
    EXPECT_TRUE(holder->read_answer().starts_with("HTTP/1.1 200 "));
  }
  EXPECT_TRUE(eventually([&] { return server.server->buffered_bytes() == 0; }));
}

// A peer that pipelines requests for large answers and reads none of them holds one batch, not all.
TEST(ServerLimits, PipelinedAnswersThatNobodyReadsAreBounded) {
  TestServer server;
  RawPeer peer{server.port(), 4'096};
  std::string requests;
  for (int i = 0; i < 1'000; ++i) requests += get("/big/100000");
  peer.send(requests);
  EXPECT_TRUE(eventually([&] { return server.server->buffered_bytes() > 0; }));
  EXPECT_LT(server.handler.handled, 200);
  EXPECT_LT(server.server->buffered_bytes(), 1_MiB);
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(body_of(peer.read_answer()).size(), 100'000) << i;
}

}  // namespace
}  // namespace quipu::http
