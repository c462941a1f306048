// A connection to a server for code that may wait: every step ends at a deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/resolve.h"
#include "http/transport.h"

namespace quipu::http {

// To the first of them that answers; closed, with errno, if none does. One that is silent takes no more than its part
// of the time, so that those behind it are asked too.
Descriptor connect_to_one_of(const Addresses& addresses, MonotonicTime deadline);

// Where an answer's bytes come from.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // At least one byte, or 0 at the end.
  virtual Result<std::size_t> read(char* bytes, std::size_t size) = 0;
};

class Wire final : public ByteSource {
 public:
  // `tls` is null for a plain connection.
  static Result<std::unique_ptr<Wire>> connect(const std::string& host, std::uint16_t port, const TlsContext* tls,
                                               MonotonicTime deadline);

  void set_deadline(MonotonicTime deadline) { deadline_ = deadline; }
  // While waiting for bytes, each read has so long; zero: the deadline counts.
  void set_silence_max(std::chrono::milliseconds silence) { silence_max_ = silence; }
  Result<> write(std::string_view bytes);
  Result<std::size_t> read(char* bytes, std::size_t size) override;
  // The server has closed it, or has said something that nobody asked for.
  bool is_stale();

 private:
  Wire(Descriptor socket, std::unique_ptr<TlsSession> tls, int number, MonotonicTime deadline)
      : transport_{std::move(socket), std::move(tls)}, number_{number}, deadline_{deadline} {}
  Result<> shake_hands(const std::string& host);
  Result<> wait(short events, MonotonicTime deadline);

  Transport transport_;
  int number_;
  MonotonicTime deadline_;
  std::chrono::milliseconds silence_max_{0};
};

}  // namespace quipu::http
