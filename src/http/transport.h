// A connected, non-blocking socket, with TLS on it or not.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "http/poller.h"
#include "http/tls.h"

namespace quipu::http {

class Transport {
 public:
  Transport(Descriptor socket, std::unique_ptr<TlsSession> tls) : socket_{std::move(socket)}, tls_{std::move(tls)} {}

  bool is_open() const { return socket_.is_open(); }
  bool is_tls() const { return tls_ != nullptr; }
  Transfer handshake() { return tls_->handshake(); }
  std::string tls_failure() const { return tls_->failure(); }
  Transferred receive(char* bytes, std::size_t size);
  Transferred transmit(const char* bytes, std::size_t size);
  // Nothing more will be sent; the peer may go on.
  void end();
  void close();

 private:
  Descriptor socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace quipu::http
