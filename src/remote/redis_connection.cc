#include "remote/redis_connection.h"

#include <array>

namespace quipu::remote {

namespace {

constexpr std::size_t read_bytes = 16_KiB;

}  // namespace

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisAccess& access, const std::string& host,
                                                               std::uint16_t port, MonotonicTime deadline) {
  if (access.tls) http::ignore_broken_pipes_in_this_thread();
  QUIPU_TRY(auto wire, http::Wire::connect(host, port, access.tls ? &*access.tls : nullptr, deadline));
  std::unique_ptr<RedisConnection> connection{new RedisConnection{std::move(wire)}};
  QUIPU_CHECK(connection->introduce(access.url, deadline));
  return connection;
}

Result<> RedisConnection::introduce(const RedisUrl& url, MonotonicTime deadline) {
  const auto expect_ok = [&](std::initializer_list<std::string_view> words) -> Result<> {
    QUIPU_TRY(const resp::Reply reply, ask(words, deadline));
    if (reply.kind == resp::Reply::Kind::text) return {};
    return fail(ErrorCode::unavailable, "Redis answers {:?} to {}", reply.text, *words.begin());
  };
  if (!url.user.empty())
    QUIPU_CHECK(expect_ok({"AUTH", url.user, url.password}));
  else if (!url.password.empty())
    QUIPU_CHECK(expect_ok({"AUTH", url.password}));
  if (url.database != 0) QUIPU_CHECK(expect_ok({"SELECT", std::to_string(url.database)}));
  return expect_ok({"PING"});
}

Result<> RedisConnection::send(std::string_view commands, MonotonicTime deadline) {
  wire_->set_deadline(deadline);
  return wire_->write(commands);
}

Result<> RedisConnection::receive(resp::Reply& reply) {
  for (;;) {
    QUIPU_TRY(const std::size_t used, resp::parse_reply(std::string_view{received_}.substr(begin_), reply));
    begin_ += used;
    if (begin_ == received_.size()) {
      received_.clear();
      begin_ = 0;
    }
    if (used > 0) return {};
    std::array<char, read_bytes> bytes;
    QUIPU_TRY(const std::size_t size, wire_->read(bytes.data(), bytes.size()));
    if (size == 0) return fail(ErrorCode::unavailable, "Redis has closed the connection");
    received_.append(bytes.data(), size);
  }
}

Result<resp::Reply> RedisConnection::ask(std::initializer_list<std::string_view> words, MonotonicTime deadline) {
  std::string command;
  resp::append_command(command, words);
  QUIPU_CHECK(send(command, deadline));
  resp::Reply reply;
  QUIPU_CHECK(receive(reply));
  return reply;
}

}  // namespace quipu::remote
