// TLS 1.2 and 1.3 straight on a socket (OpenSSL). A session is used by one thread.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"

namespace quipu::http {

// What one attempt to read or write came to. For sockets without TLS too.
enum class Transfer : std::uint8_t { moved, would_block, ended, broken };

struct Transferred {
  Transfer outcome = Transfer::broken;
  std::size_t bytes = 0;
};

class TlsSession {
 public:
  // Call again when the socket is ready, until it is not would_block any more.
  Transfer handshake();
  Transferred read(char* bytes, std::size_t size);
  Transferred write(const char* bytes, std::size_t size);
  // Tells the peer that nothing more comes; does not wait for its word.
  void end();
  // Why the handshake failed.
  std::string failure() const;

 private:
  friend class TlsContext;
  explicit TlsSession(SSL* session) : session_{session} {}
  Transfer outcome_of(int result);

  struct Free {
    void operator()(SSL* session) const { SSL_free(session); }
  };
  std::unique_ptr<SSL, Free> session_;
  std::string failure_;
};

class TlsContext {
 public:
  static Result<TlsContext> for_server(const std::filesystem::path& certificate, const std::filesystem::path& key);
  // `ca_file` empty: the system's certificates. `insecure`: whatever the server shows is taken.
  static Result<TlsContext> for_client(const std::filesystem::path& ca_file, bool insecure);

  std::unique_ptr<TlsSession> accept(int socket) const;
  // The certificate must be for `host`, a name or a numeric address.
  std::unique_ptr<TlsSession> connect(int socket, const std::string& host) const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  explicit TlsContext(SSL_CTX* context) : context_{context} {}

  std::unique_ptr<SSL_CTX, Free> context_;
  bool insecure_ = false;
};

// OpenSSL writes to sockets without MSG_NOSIGNAL. A thread that uses TlsSession must call this first, or a peer that
// hangs up ends the process.
void ignore_broken_pipes_in_this_thread();

}  // namespace quipu::http
