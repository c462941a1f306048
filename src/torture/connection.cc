#include "torture/connection.h"

#include <strings.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "base/assert.h"

namespace quipu::torture {

namespace {

constexpr std::string_view end_of_head = "\r\n\r\n";

// The value of a header in `head`, or empty. Good enough for a server of which the answers are known.
std::string_view header_value(std::string_view head, std::string_view name) {
  for (auto line = head.find("\r\n"); line != std::string_view::npos; line = head.find("\r\n", line + 2)) {
    const auto rest = head.substr(line + 2);
    if (rest.size() <= name.size() || rest[name.size()] != ':') continue;
    if (strncasecmp(rest.data(), name.data(), name.size()) != 0) continue;
    auto value = rest.substr(name.size() + 1);
    value = value.substr(0, value.find("\r\n"));
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

}  // namespace

Result<Connection> Connection::open(std::uint16_t port) {
  Connection connection;
  QUIPU_TRY(connection.socket_, connect_loopback(port));
  return connection;
}

void Connection::send(std::string_view request) {
  QUIPU_ASSERT(!busy_ && socket_.open(), "busy {}", busy_);
  outgoing_.assign(request);
  sent_ = 0;
  incoming_.clear();
  busy_ = true;
  write_some();  // an error shows again when the answer is read
}

Connection::Progress Connection::advance() {
  const bool writable = write_some();
  const bool readable = read_some();
  if (busy_ && take_answer()) {
    busy_ = false;
    if (last_answer_) close();
    return Progress::answered;
  }
  if (writable && readable) return Progress::waiting;
  close();
  return Progress::closed;
}

void Connection::close() {
  socket_.close();
  busy_ = false;
  outgoing_.clear();
  sent_ = 0;
}

bool Connection::write_some() {
  while (sent_ < outgoing_.size()) {
    const auto done = ::send(socket_.number(), outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_NOSIGNAL);
    if (done < 0) return errno == EAGAIN || errno == EINTR;
    sent_ += static_cast<std::size_t>(done);
  }
  return true;
}

bool Connection::read_some() {
  std::array<char, 16384> buffer;
  for (;;) {
    const auto got = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
    if (got > 0) incoming_.append(buffer.data(), static_cast<std::size_t>(got));
    if (got == static_cast<ssize_t>(buffer.size())) continue;
    if (got > 0) return true;
    return got < 0 && (errno == EAGAIN || errno == EINTR);
  }
}

bool Connection::take_answer() {
  const auto head_size = incoming_.find(end_of_head);
  if (head_size == std::string::npos || head_size < 12) return false;
  const std::string_view head = std::string_view{incoming_}.substr(0, head_size);
  std::size_t body_size = 0;
  const auto length = header_value(head, "content-length");
  if (!length.empty()) std::from_chars(length.data(), length.data() + length.size(), body_size);
  if (incoming_.size() < head_size + end_of_head.size() + body_size) return false;
  last_answer_ = header_value(head, "connection") == "close";
  answer_.status = 0;
  std::from_chars(head.data() + 9, head.data() + 12, answer_.status);
  answer_.body.assign(incoming_, head_size + end_of_head.size(), body_size);
  return true;
}

}  // namespace quipu::torture
