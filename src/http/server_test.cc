#include "http/server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <future>

#include "http/test_support.h"

namespace quipu::http {
namespace {

using namespace testing;

std::string get(std::string_view path, std::string_view headers = {}) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n{}\r\n", path, headers);
}

TEST(Server, AnswersHaveDateLengthAndType) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send("POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
  const std::string answer = peer.read_answer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << answer;
  EXPECT_NE(answer.find("GMT\r\nContent-Type: text/plain\r\nContent-Length: 16\r\n\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "POST /a?b=c body");
}

TEST(Server, PipelinedRequestsAreAnsweredInOrder) {
  TestServer server;
  RawPeer peer{server.port()};
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += get(fmt::format("/{}", i));
  peer.send(requests);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(body_of(peer.read_answer()), fmt::format("GET /{}? ", i));
}

// The answers of which one has to be waited for must not overtake each other.
TEST(Server, PipelinedRequestsWaitForTheOneBefore) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send(get("/1") + get("/later/2") + get("/3") + get("/later/4") + get("/5"));
  EXPECT_EQ(body_of(peer.read_answer()), "GET /1? ");
  server.handler.wait_for("2");
  EXPECT_EQ(server.handler.handled, 2);
  server.handler.release("2");
  EXPECT_EQ(body_of(peer.read_answer()), "2");
  EXPECT_EQ(body_of(peer.read_answer()), "GET /3? ");
  server.handler.release("4");
  EXPECT_EQ(body_of(peer.read_answer()), "4");
  EXPECT_EQ(body_of(peer.read_answer()), "GET /5? ");
  EXPECT_TRUE(eventually([&] { return server.server->buffered_bytes() == 0; }));
}

TEST(Server, RequestsComeInFragmentsOfAnySize) {
  TestServer server;
  RawPeer peer{server.port()};
  const std::string chunked =
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nT: "
      "t\r\n\r\n";
  const std::string sized = "PUT /s HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
  for (const std::size_t fragment_bytes : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 16U, 31U}) {
    peer.send_in_fragments(chunked + sized + get("/g"), fragment_bytes);
    ASSERT_EQ(body_of(peer.read_answer()), "POST /c? hello, world");
    ASSERT_EQ(body_of(peer.read_answer()), "PUT /s? hello");
    ASSERT_EQ(body_of(peer.read_answer()), "GET /g? ");
  }
}

// Whether it stood in the loop's buffer or in the connection's own, and whatever stands behind it.
TEST(Server, APostponedRequestIsHandledAgain) {
  TestServer server;
  RawPeer peer{server.port()};
  const std::string chunked =
      "POST /postponed/c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, "
      "world\r\n0\r\nT: t\r\n\r\n";
  const std::string sized = "PUT /postponed/s HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
  for (const std::size_t fragment_bytes : {1U, 7U, 31U, 1000U}) {
    for (const int times : {1, 2, 5}) {
      for (const auto& [request, answer] :
           {std::pair{chunked, "POST /postponed/c? hello, world"}, std::pair{sized, "PUT /postponed/s? hello"},
            std::pair{get("/postponed/g"), "GET /postponed/g? "}}) {
        server.handler.handled = 0;
        server.handler.heads_postponed = 0;
        server.handler.to_postpone = times;
        peer.send_in_fragments(request + get("/behind"), fragment_bytes);
        ASSERT_EQ(body_of(peer.read_answer()), answer);
        ASSERT_EQ(body_of(peer.read_answer()), "GET /behind? ");
        // Where a fragment ends with the head, it is the head that is postponed.
        ASSERT_EQ(server.handler.handled + server.handler.heads_postponed, times + 2);
      }
    }
  }
  EXPECT_TRUE(eventually([&] { return server.server->buffered_bytes() == 0; }));
}

TEST(Server, APeerMayLeaveWhileItsRequestIsPostponed) {
  TestServer server;
  for (int i = 0; i < 20; ++i) {
    RawPeer peer{server.port()};
    server.handler.to_postpone = 1000;
    peer.send(get("/postponed/x"));
    ASSERT_TRUE(eventually([&] { return server.handler.to_postpone < 1000; }));
    peer.reset();
  }
  EXPECT_TRUE(eventually([&] {
    return server.server->figures().connections_closed.value() == server.server->figures().connections_accepted.value();
  }));
}

TEST(Server, LargeBodiesGoBothWays) {
  TestServer server{{.limits = {.body_bytes_max = 4_MiB}}};
  RawPeer peer{server.port()};
  const std::string body(4_MiB, 'x');
  std::thread sender{
      [&] { peer.send(fmt::format("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.size()) + body); }};
  const std::string answer = body_of(peer.read_answer());
  sender.join();
  EXPECT_EQ(answer.size(), body.size() + 8);
  EXPECT_TRUE(eventually([&] { return server.server->buffered_bytes() == 0; }));
}

TEST(Server, HeadHasTheLengthButNoBody) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send("HEAD /big/1000 HTTP/1.1\r\nHost: h\r\n\r\n" + get("/next"));
  EXPECT_NE(peer.read_until("\r\n\r\n").find("Content-Length: 1000\r\n"), std::string::npos);
  EXPECT_EQ(body_of(peer.read_answer()), "GET /next? ");
}

TEST(Server, OptionsReachesTheHandler) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(body_of(peer.read_answer()), "OPTIONS *? ");
}

TEST(Server, ClosesWhenThePeerOrTheHandlerAsksFor) {
  TestServer server;
  for (const std::string& request :
       {get("/x", "Connection: close\r\n"), get("/close"), std::string{"GET / HTTP/1.0\r\n\r\n"}}) {
    RawPeer peer{server.port()};
    peer.send(request + get("/never"));
    EXPECT_NE(peer.read_answer().find("Connection: close\r\n"), std::string::npos) << request;
    EXPECT_TRUE(peer.is_at_end()) << request;
  }
  EXPECT_EQ(server.handler.handled, 3);
}

TEST(Server, Http10KeepsTheConnectionIfAsked) {
  TestServer server;
  RawPeer peer{server.port()};
  for (int i = 0; i < 2; ++i) {
    peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_NE(peer.read_answer().find("Connection: keep-alive\r\n"), std::string::npos);
  }
}

TEST(Server, ContinueIsSaidBeforeTheBody) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send("PUT /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("hi");
  EXPECT_EQ(body_of(peer.read_answer()), "PUT /p? hi");
}

// Its body is not waited for, nor asked for, nor taken for a request.
TEST(Server, AHeadMayBeRefusedBeforeItsBody) {
  TestServer server;
  for (const std::string framing : {"Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n"}) {
    for (const std::string expect : {"", "Expect: 100-continue\r\n"}) {
      for (const std::string begun : {"", "8\r\n12345678\r\n5\r\nGET"}) {
        RawPeer peer{server.port()};
        peer.send(get("/before") + "POST /refused HTTP/1.1\r\nHost: h\r\n" + framing + expect + "\r\n" + begun);
        EXPECT_EQ(body_of(peer.read_answer()), "GET /before? ");
        const std::string answer = peer.read_answer();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << answer;
        EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
        EXPECT_EQ(body_of(answer), "no");
        peer.send(get("/smuggled"));
        EXPECT_TRUE(peer.is_at_end());
      }
    }
  }
  EXPECT_EQ(server.handler.heads, 8);
  EXPECT_EQ(server.handler.handled, 8) << "only what came before";
  EXPECT_TRUE(eventually([&] { return server.server->buffered_bytes() == 0; }));
}

TEST(Server, AHeadThatIsLetInIsSeenOnce) {
  TestServer server;
  RawPeer peer{server.port()};
  const std::string sized = "PUT /s HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
  const std::string chunked = "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 1; i <= 3; ++i) {
    for (const auto& [head, body] : {std::pair{sized, "hello"}, std::pair{chunked, "5\r\nhello\r\n0\r\n\r\n"}}) {
      const int seen = server.handler.heads;
      peer.send(head);
      ASSERT_TRUE(eventually([&] { return server.handler.heads == seen + 1; }));
      peer.send_in_fragments(body, 1);
      EXPECT_TRUE(body_of(peer.read_answer()).ends_with("? hello"));
      EXPECT_EQ(server.handler.heads, seen + 1);
    }
  }
  EXPECT_EQ(server.handler.handled, 6);
}

TEST(Server, ARequestThatArrivesAtOnceIsHandledOnly) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send("PUT /s HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + get("/g") +
            "POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(body_of(peer.read_answer()), "PUT /s? hello");
  EXPECT_EQ(body_of(peer.read_answer()), "GET /g? ");
  EXPECT_EQ(body_of(peer.read_answer()), "POST /refused? ");
  EXPECT_EQ(server.handler.heads, 0);
}

// Other connections are read while it waits, so the head has to be read again.
TEST(Server, APostponedHeadIsSeenAgainAndThenItsBodyIsAskedFor) {
  TestServer server;
  RawPeer peer{server.port()};
  for (const int times : {1, 2, 5}) {
    server.handler.heads = server.handler.handled = 0;
    server.handler.to_postpone = times;
    peer.send("PUT /postponed/p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(server.handler.heads, times + 1);
    EXPECT_EQ(server.handler.to_postpone, 0);
    peer.send("hello" + get("/behind"));
    EXPECT_EQ(body_of(peer.read_answer()), "PUT /postponed/p? hello");
    EXPECT_EQ(body_of(peer.read_answer()), "GET /behind? ");
    EXPECT_EQ(server.handler.heads, times + 1);
    EXPECT_EQ(server.handler.handled, 2);
  }
  EXPECT_TRUE(eventually([&] { return server.server->buffered_bytes() == 0; }));
}

TEST(Server, APeerMayLeaveWhileItsHeadIsPostponed) {
  TestServer server;
  for (int i = 0; i < 20; ++i) {
    RawPeer peer{server.port()};
    server.handler.to_postpone = 1000;
    peer.send("PUT /postponed/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return server.handler.to_postpone < 1000; }));
    peer.reset();
  }
  EXPECT_TRUE(eventually([&] {
    return server.server->figures().connections_closed.value() == server.server->figures().connections_accepted.value();
  }));
}

TEST(Server, APeerThatHasFinishedSendingStillGetsItsAnswer) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send(get("/later/a"));
  peer.end_sending();
  server.handler.release("a");
  EXPECT_EQ(body_of(peer.read_answer()), "a");
  EXPECT_TRUE(peer.is_at_end());
}

TEST(Server, WakesComeFromManyThreads) {
  constexpr int peers_count = 32;
  constexpr int rounds = 20;
  TestServer server{{.loops = 2}};
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < peers_count; ++i) peers.push_back(std::make_unique<RawPeer>(server.port()));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < rounds; ++round) {
        for (int i = thread; i < peers_count; i += 4) server.handler.release(fmt::format("{}-{}", i, round));
      }
    });
  }
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < peers_count; ++i)
      peers[static_cast<std::size_t>(i)]->send(get(fmt::format("/later/{}-{}", i, round)));
    for (int i = 0; i < peers_count; ++i) {
      ASSERT_EQ(body_of(peers[static_cast<std::size_t>(i)]->read_answer()), fmt::format("{}-{}", i, round));
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server.figures().answers[1].value(), static_cast<std::uint64_t>(peers_count * rounds));
}

// The handler's side may hold the exchange in another thread: it must not be destroyed under it.
TEST(Server, AnOwedAnswerKeepsTheConnectionOfAPeerThatIsGone) {
  TestServer server;
  for (const std::string name : {"reset", "closed"}) {
    RawPeer peer{server.port()};
    peer.send(get("/later/" + name));
    server.handler.wait_for(name);
    if (name == "reset") {
      peer.reset();
    } else {
      peer.close();
    }
    RawPeer other{server.port()};  // by its answer, the loop has seen the end of the first
    other.send(get("/"));
    EXPECT_NE(other.read_answer(), "");
    EXPECT_EQ(server.handler.states_alive, 1);
    server.handler.release(name);
    EXPECT_TRUE(eventually([&] { return server.handler.states_alive == 0; }));
  }
  EXPECT_EQ(server.handler.resumed, 2);
}

// The connection ends with it: a wake that the stream still gets is not to be taken for one of the next request.
TEST(Server, StreamsReachThePeerAndEnd) {
  TestServer server{{.limits = {.stream_tick_interval = 20ms}}};
  RawPeer peer{server.port()};
  peer.send(get("/stream/s") + get("/after"));
  const std::string head = peer.read_until("\r\n\r\n");
  EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_NE(head.find("Connection: close\r\n"), std::string::npos);
  server.handler.publish("s", "data: 1\n\n");
  EXPECT_EQ(peer.read_until("\n\n\r\n"), "9\r\ndata: 1\n\n\r\n");
  server.handler.publish("s", "data: 2\n\n");
  EXPECT_EQ(peer.read_until("\n\n\r\n"), "9\r\ndata: 2\n\n\r\n");
  EXPECT_TRUE(eventually([&] { return server.handler.ticks >= 2; }));
  server.handler.finish("s");
  EXPECT_EQ(peer.read_to_end(), "0\r\n\r\n");
  EXPECT_EQ(server.handler.streams_closed, 0);
}

// What answers need not be the turn of the one who waits: a handler may answer a crowd at once.
TEST(Server, AnAnswerMayBeGivenInAnotherOnesTurn) {
  TestServer server;
  RawPeer waits{server.port()};
  RawPeer answers{server.port()};
  for (int i = 0; i < 10; ++i) {
    RawPeer streams{server.port()};
    waits.send(get("/later/a") + get("/next"));
    streams.send(get("/stream/s"));
    server.handler.wait_for("a");
    server.handler.wait_for("s");
    answers.send(get("/answer/a") + get("/answer/s"));
    EXPECT_EQ(body_of(answers.read_answer()), "answered");
    EXPECT_EQ(body_of(answers.read_answer()), "answered");
    EXPECT_EQ(body_of(waits.read_answer()), "by another");
    EXPECT_EQ(body_of(waits.read_answer()), "GET /next? ");
    EXPECT_TRUE(streams.read_until("0\r\n\r\n").ends_with("\r\n\r\n4\r\nlast\r\n0\r\n\r\n"));
  }
  EXPECT_EQ(server.handler.resumed, 0);
}

// Once closed() has returned nobody wakes the stream, but a wake may still be on its way.
TEST(Server, StreamsMayCloseWhileOthersWakeThem) {
  TestServer server{{.loops = 2}};
  std::atomic<bool> done = false;
  std::vector<std::thread> publishers;
  for (const char* name : {"0", "1", "2", "3"}) {
    publishers.emplace_back([&, name] {
      while (!done) server.handler.publish_if_open(name, "x");
    });
  }
  for (int i = 0; i < 200; ++i) {
    RawPeer peer{server.port()};
    peer.send(get(fmt::format("/stream/{}", i % 4)));
    peer.read_until("\r\n\r\n");
    if (i % 2 == 0) peer.reset();
    peer.close();
    EXPECT_TRUE(eventually([&] { return server.handler.streams_closed == i + 1; }));
  }
  done = true;
  for (std::thread& publisher : publishers) publisher.join();
  EXPECT_TRUE(eventually([&] { return server.handler.states_alive == 0; }));
}

TEST(Server, Http10StreamsEndWithTheConnection) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send("GET /stream/s HTTP/1.0\r\n\r\n");
  peer.read_until("\r\n\r\n");
  server.handler.publish("s", "data");
  server.handler.finish("s");
  EXPECT_EQ(peer.read_to_end(), "data");
}

TEST(Server, AStreamWhosePeerGoesIsClosed) {
  TestServer server;
  for (const bool reset : {false, true}) {
    RawPeer peer{server.port()};
    peer.send(get("/stream/s"));
    peer.read_until("\r\n\r\n");
    if (reset) {
      peer.reset();
    } else {
      peer.close();
    }
    EXPECT_TRUE(eventually([&] { return server.handler.streams_closed == (reset ? 2 : 1); }));
    EXPECT_TRUE(eventually([&] { return server.handler.states_alive == 0; }));
  }
}

TEST(Server, StopFinishesWhatIsInFlight) {
  TestServer server{{.loops = 2}};
  RawPeer idle{server.port()};
  idle.send(get("/"));
  idle.read_answer();
  RawPeer partial{server.port()};
  partial.send("GET / HT");
  EXPECT_TRUE(eventually([&] { return server.server->buffered_bytes() > 0; }));
  RawPeer peer{server.port()};
  peer.send(get("/later/a") + get("/never"));
  server.handler.wait_for("a");
  auto stopped = std::async(std::launch::async, [&] { return server.server->stop(patience); });
  EXPECT_TRUE(idle.is_at_end());
  EXPECT_TRUE(partial.read_answer().starts_with("HTTP/1.1 503 "));
  server.handler.release("a");
  const std::string answer = peer.read_answer();
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_EQ(body_of(answer), "a");
  EXPECT_TRUE(peer.is_at_end());
  partial.close();
  peer.close();
  EXPECT_TRUE(stopped.get());
}

TEST(Server, StopEndsStreams) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send(get("/stream/s"));
  peer.read_until("\r\n\r\n");
  auto stopped = std::async(std::launch::async, [&] { return server.server->stop(patience); });
  EXPECT_EQ(peer.read_to_end(), "0\r\n\r\n");
  peer.close();
  EXPECT_TRUE(stopped.get());
  EXPECT_EQ(server.handler.streams_closed, 1);
}

TEST(Server, StopGivesUpAtItsDeadline) {
  TestServer server;
  RawPeer peer{server.port()};
  peer.send(get("/later/a"));
  server.handler.wait_for("a");
  EXPECT_FALSE(server.server->stop(50ms));
  EXPECT_EQ(server.handler.states_alive, 1);
  server.handler.release("a");  // too late, and harmless
  server.server.reset();
  EXPECT_EQ(server.handler.states_alive, 0);
}

TEST(Server, ConnectionsAreSpreadEvenly) {
  TestServer server{{.loops = 2}};
  std::vector<std::unique_ptr<RawPeer>> peers;
  int on_second_loop = 0;
  for (int i = 0; i < 10; ++i) {
    RawPeer& peer = *peers.emplace_back(std::make_unique<RawPeer>(server.port()));
    peer.send(get("/loop"));
    on_second_loop += body_of(peer.read_answer()) == "1" ? 1 : 0;
  }
  EXPECT_EQ(on_second_loop, 5);
}

TEST(Server, APortInUseIsNamed) {
  TestServer server;
  TestHandler handler;
  const auto second = Server::start({.port = server.port()}, handler);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().message, fmt::format("cannot listen on 127.0.0.1:{}: Address already in use; is another "
                                                "server running? Choose another port.",
                                                server.port()));
}

TEST(Server, FiguresCountWhatHappened) {
  TestServer server;
  {
    RawPeer peer{server.port()};
    peer.send(get("/") + get("/") + "nonsense\r\n\r\n");
    peer.read_to_end();
  }
  EXPECT_TRUE(eventually([&] { return server.figures().connections_closed.value() == 1; }));
  EXPECT_EQ(server.figures().answers[1].value(), 2);
  EXPECT_EQ(server.figures().answers[3].value(), 1);
  EXPECT_EQ(server.figures().requests_refused.value(), 1);
  EXPECT_EQ(server.figures().connections_accepted.value(), 1);
  EXPECT_GT(server.figures().received_bytes.value(), 60);
  EXPECT_GT(server.figures().sent_bytes.value(), 200);
  EXPECT_GT(server.handler.turns, 0);
}

// What is refused is answered, even if the peer is still sending, and nothing behind it is taken for a request.
TEST(Server, HostileInputIsAnsweredAndTheConnectionClosed) {
  TestServer server;
  const std::string smuggled = get("/smuggled");
  const std::vector<std::pair<std::string, std::string>> inputs{
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
       "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody" + smuggled, "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n" + smuggled, "501"},
      {"GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n" + smuggled, "400"},
      {"GET / HTTP/1.1\r\nHost : h\r\n\r\n" + smuggled, "400"},
      {"GET / HTTP/1.1\n\n" + smuggled, "400"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + smuggled, "400"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00", 7) + smuggled, "400"},
      {std::string(100'000, '\0'), "400"},
      {std::string(100'000, 'A'), "414"},
      {"GET / HTTP/1.1\r\nHost: h\r\n" + std::string(1'000'000, 'A'), "431"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n" + std::string(500'000, 'A'), "413"},
  };
  for (const auto& [input, status] : inputs) {
    RawPeer peer{server.port()};
    peer.send(input);
    const std::string answer = peer.read_answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + status)) << input.substr(0, 200) << "\n" << answer;
    EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos);
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(body_of(answer).starts_with("{\"error_code\":\""));
    EXPECT_TRUE(peer.is_at_end());
  }
  EXPECT_EQ(server.handler.handled, 0);
}

// Whenever it is refused: in its head, in its body, or without having said anything.
TEST(Server, RefusalsHaveTheHeadersThatTheyAreGiven) {
  static constexpr std::array headers{Header{"X-A", "a"}, Header{"X-B", "b"}};
  TestServer server{{.limits = {.connections_max = 1}, .refusal_headers = headers}};
  for (const std::string input : {"nonsense\r\n\r\n", "PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n",
                                  "PUT /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"}) {
    RawPeer peer{server.port()};
    peer.send(input);
    const std::string answer = peer.read_answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 4")) << answer;
    EXPECT_NE(answer.find("\r\nX-A: a\r\nX-B: b\r\n\r\n"), std::string::npos) << answer;
    peer.close();
    EXPECT_TRUE(eventually(
        [&] { return server.figures().connections_closed.value() == server.figures().connections_accepted.value(); }));
  }
  RawPeer first{server.port()};
  first.send(get("/"));
  EXPECT_EQ(first.read_answer().find("X-A"), std::string::npos);
  RawPeer second{server.port()};
  EXPECT_NE(second.read_answer().find("Retry-After: 1\r\nX-A: a\r\nX-B: b\r\n"), std::string::npos);
}

// Ten thousand connections that say nothing cost no buffers and slow nobody.
TEST(Server, TenThousandIdleConnectionsAreHeld) {
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  const std::size_t affordable = (static_cast<std::size_t>(descriptors.rlim_max) - 200) / 2;  // both ends are ours
  const std::size_t count = std::min<std::size_t>(9'990, affordable);
  TestServer server{{.loops = 2}};
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (std::size_t i = 0; i < count; ++i) {
    peers.push_back(std::make_unique<RawPeer>(server.port()));
    peers.back()->send(get("/"));
    ASSERT_EQ(body_of(peers.back()->read_answer()), "GET /? ");
  }
  EXPECT_EQ(server.figures().connections_accepted.value(), count);
  EXPECT_EQ(server.figures().connections_closed.value(), 0);
  EXPECT_EQ(server.server->buffered_bytes(), 0);
  for (std::size_t i = 0; i < count; i += count / 100) {
    peers[i]->send(get("/again"));
    ASSERT_EQ(body_of(peers[i]->read_answer()), "GET /again? ");
  }
}

}  // namespace
}  // namespace quipu::http
