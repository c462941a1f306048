#include "http/transport.h"

#include <sys/socket.h>

#include <cerrno>

namespace quipu::http {
namespace {

Transferred transferred(ssize_t result) {
  if (result > 0) return {Transfer::moved, static_cast<std::size_t>(result)};
  if (result == 0) return {Transfer::ended, 0};
  const bool blocked = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {blocked ? Transfer::would_block : Transfer::broken, 0};
}

}  // namespace

Transferred Transport::receive(char* bytes, std::size_t size) {
  if (tls_) return tls_->read(bytes, size);
  return transferred(::recv(socket_.number(), bytes, size, 0));
}

Transferred Transport::transmit(const char* bytes, std::size_t size) {
  if (tls_) return tls_->write(bytes, size);
  return transferred(::send(socket_.number(), bytes, size, MSG_NOSIGNAL));
}

void Transport::end() {
  if (tls_) tls_->end();
  ::shutdown(socket_.number(), SHUT_WR);
}

void Transport::close() {
  tls_.reset();
  socket_.close();
}

}  // namespace quipu::http
