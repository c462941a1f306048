// For the tests of this folder: a peer that can misbehave, and a handler whose answers the test controls.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "http/poller.h"
#include "http/server.h"

namespace quipu::http::testing {

using namespace std::chrono_literals;

inline constexpr auto patience = 20s;  // far more than anything takes, sanitizers included

// True as soon as `holds` does; false if that does not come.
inline bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// One end of a TCP connection that sends whatever bytes it is told to.
class RawPeer {
 public:
  RawPeer() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {}  // to be connected
  explicit RawPeer(std::uint16_t port, int receive_buffer_bytes = 0) : RawPeer{} {
    if (receive_buffer_bytes > 0) {
      setsockopt(socket_.number(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    connect(port);
  }
  void connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int result = ::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    EXPECT_EQ(result, 0) << std::generic_category().message(errno);
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the server may have closed: what the test reads will tell
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void send_in_fragments(std::string_view bytes, std::size_t fragment_bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += fragment_bytes) send(bytes.substr(at, fragment_bytes));
  }

  // Everything up to and with `end`, or what there is when the connection ends or patience does.
  std::string read_until(std::string_view end) {
    while (received_.find(end) == std::string::npos && receive()) {
    }
    const std::size_t found = received_.find(end);
    const std::string text = received_.substr(0, found == std::string::npos ? found : found + end.size());
    received_.erase(0, text.size());
    return text;
  }
  // One answer with Content-Length: its status line and headers, and its body.
  std::string read_answer() {
    const std::string head = read_until("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    if (at == std::string::npos) return head;
    const std::size_t size = std::stoul(head.substr(at + 16));
    while (received_.size() < size && receive()) {
    }
    const std::string body = received_.substr(0, size);
    received_.erase(0, body.size());
    return head + body;
  }
  std::string read_to_end() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }
  // The server has closed, and there was nothing more to read.
  bool is_at_end() { return read_to_end().empty() && has_ended_; }
  bool has_ended() const { return has_ended_; }

  void end_sending() { ::shutdown(socket_.number(), SHUT_WR); }
  void close() { socket_.close(); }
  void reset() {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    socket_.close();
  }

 private:
  bool receive() {
    if (has_ended_) return false;
    pollfd waiting{.fd = socket_.number(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds{patience}.count()));
    EXPECT_EQ(ready, 1) << "the server says nothing";
    if (ready != 1) return false;
    char bytes[16'384];
    const ssize_t size = ::recv(socket_.number(), bytes, sizeof bytes, 0);
    has_ended_ = size <= 0;
    if (size > 0) received_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }

  Descriptor socket_;
  std::string received_;
  bool has_ended_ = false;
};

inline std::string body_of(const std::string& answer) {
  const std::size_t at = answer.find("\r\n\r\n");
  return at == std::string::npos ? "" : answer.substr(at + 4);
}

// Answers by path:
//   /later/NAME   when the test calls release(NAME), from whatever thread
//   /stream/NAME  an open stream; publish(NAME, text) sends to it, finish(NAME) ends it
//   /big/N        N bytes
//   /answer/NAME  answers the exchange that waits under that name first; both must be on one loop
//   /close        and the connection closes
//   /postponed/.. as `other`, after it was postponed as often as `to_postpone` says; by its head where that comes first
//   /refused      403, as soon as its head is there
//   /loop         the index of the loop
//   other         METHOD PATH?QUERY BODY
class TestHandler final : public Handler {
 public:
  void handle(Exchange& exchange) override;
  void handle_head(Exchange& exchange) override;
  void resume(Exchange& exchange) override;
  void tick(Exchange&) override { ++ticks; }
  void closed(Exchange& exchange) noexcept override;
  void end_of_turn() override { ++turns; }

  void wait_for(const std::string& name);
  bool knows(const std::string& name);
  void release(const std::string& name);
  void publish(const std::string& name, const std::string& text);
  void publish_if_open(const std::string& name, const std::string& text);
  void finish(const std::string& name);

  std::atomic<int> handled{0};
  std::atomic<int> heads{0};  // that were seen before their bodies
  std::atomic<int> resumed{0};
  std::atomic<int> ticks{0};
  std::atomic<int> turns{0};
  std::atomic<int> streams_closed{0};
  std::atomic<int> states_alive{0};
  std::atomic<int> to_postpone{0};
  std::atomic<int> heads_postponed{0};

 private:
  struct Waiting final : Exchange::State {
    explicit Waiting(TestHandler& handler_) : handler{handler_} { ++handler.states_alive; }
    ~Waiting() override { --handler.states_alive; }
    TestHandler& handler;
    std::string name;
    std::string to_send;
    bool is_stream = false;
    bool is_released = false;
  };
  void answer_another(const std::string& name);
  static Waiting& state_of(Exchange& exchange) { return static_cast<Waiting&>(*exchange.state); }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::string, Exchange*> waiting_;
};

inline void TestHandler::handle(Exchange& exchange) {
  ++handled;
  const Request& request = exchange.request();
  const std::string path{request.path()};
  if (path.starts_with("/later/") || path.starts_with("/stream/")) {
    if (!exchange.state) exchange.state = std::make_unique<Waiting>(*this);
    Waiting& state = state_of(exchange);
    state.name = path.substr(path.rfind('/') + 1);
    state.is_stream = path.starts_with("/stream/");
    state.is_released = false;
    if (state.is_stream) exchange.begin_stream(200, "text/event-stream");
    const std::scoped_lock lock{mutex_};
    waiting_[state.name] = &exchange;
    arrived_.notify_all();
  } else if (path.starts_with("/big/")) {
    exchange.respond(200, "text/plain", std::string(std::stoul(path.substr(5)), 'b'));
  } else if (path.starts_with("/answer/")) {
    answer_another(path.substr(8));
    exchange.respond(200, "text/plain", "answered");
  } else if (path.starts_with("/postponed/") && to_postpone > 0) {
    --to_postpone;
    exchange.postpone();
    exchange.wake();
  } else if (path == "/loop") {
    exchange.respond(200, "text/plain", std::to_string(exchange.loop_index()));
  } else {
    if (path == "/close") exchange.close_after_answer();
    exchange.respond(200, "text/plain",
                     fmt::format("{} {}?{} {}", request.method_name(), path, request.query(), request.body()));
  }
}

inline void TestHandler::handle_head(Exchange& exchange) {
  ++heads;
  const Request& request = exchange.request();
  EXPECT_TRUE(request.body().empty());
  EXPECT_TRUE(request.header("host"));
  if (request.path() == "/refused") {
    exchange.respond(403, "text/plain", "no");
  } else if (request.path().starts_with("/postponed/") && to_postpone > 0) {
    --to_postpone;
    ++heads_postponed;
    exchange.postpone();
    exchange.wake();
  }
}

inline void TestHandler::answer_another(const std::string& name) {
  Exchange* other = nullptr;
  {
    const std::scoped_lock lock{mutex_};
    other = std::exchange(waiting_.at(name), nullptr);
    waiting_.erase(name);
  }
  if (state_of(*other).is_stream) {
    other->send("last");
    other->end_stream();
  } else {
    other->respond(200, "text/plain", "by another");
  }
}

inline void TestHandler::resume(Exchange& exchange) {
  ++resumed;
  Waiting& state = state_of(exchange);
  std::string to_send;
  bool is_released = false;
  {
    const std::scoped_lock lock{mutex_};
    to_send.swap(state.to_send);
    is_released = state.is_released;
    if (is_released) waiting_.erase(state.name);
  }
  if (state.is_stream) {
    exchange.send(to_send);
    if (is_released) exchange.end_stream();
  } else if (is_released) {
    exchange.respond(200, "text/plain", state.name);
  }
}

inline void TestHandler::closed(Exchange& exchange) noexcept {
  const std::scoped_lock lock{mutex_};
  waiting_.erase(state_of(exchange).name);
  ++streams_closed;
}

inline void TestHandler::wait_for(const std::string& name) {
  std::unique_lock lock{mutex_};
  EXPECT_TRUE(arrived_.wait_for(lock, patience, [&] { return waiting_.contains(name); })) << name << " did not come";
}

inline bool TestHandler::knows(const std::string& name) {
  const std::scoped_lock lock{mutex_};
  return waiting_.contains(name);
}

inline void TestHandler::release(const std::string& name) {
  wait_for(name);
  const std::scoped_lock lock{mutex_};
  state_of(*waiting_[name]).is_released = true;
  waiting_[name]->wake();
}

inline void TestHandler::publish(const std::string& name, const std::string& text) {
  wait_for(name);
  publish_if_open(name, text);
}

inline void TestHandler::publish_if_open(const std::string& name, const std::string& text) {
  const std::scoped_lock lock{mutex_};
  if (!waiting_.contains(name)) return;
  state_of(*waiting_[name]).to_send += text;
  waiting_[name]->wake();
}

inline void TestHandler::finish(const std::string& name) {
  release(name);
}

// A server on a free port, with a handler.
struct TestServer {
  explicit TestServer(ServerOptions options = {}) {
    auto started = Server::start(options, handler);
    EXPECT_TRUE(started.has_value()) << started.error().message;
    if (started) server = std::move(*started);
  }
  std::uint16_t port() const { return server->port(); }
  const ServerFigures& figures() const { return server->figures(); }

  TestHandler handler;
  std::unique_ptr<Server> server;
};

}  // namespace quipu::http::testing
