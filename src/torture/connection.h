// One keep-alive HTTP/1.1 connection to the server under torture, with one request on its way at most. Non-blocking, so
// that one thread drives all of them and knows the exact order of what it saw.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "torture/socket.h"

namespace quipu::torture {

struct Answer {
  int status = 0;
  std::string body;
};

class Connection {
 public:
  Connection() = default;
  static Result<Connection> open(std::uint16_t port);

  bool is_open() const { return socket_.open(); }
  bool busy() const { return busy_; }
  int descriptor() const { return socket_.number(); }
  bool wants_to_write() const { return sent_ < outgoing_.size(); }

  void send(std::string_view request);  // not while busy

  enum class Progress : std::uint8_t { waiting, answered, closed };
  // Moves what can be moved without waiting. `closed`: nothing more will come, and the connection is shut.
  Progress advance();
  const Answer& answer() const { return answer_; }
  void close();

 private:
  bool write_some();
  bool read_some();
  bool take_answer();

  FileDescriptor socket_;
  std::string outgoing_;
  std::size_t sent_ = 0;
  std::string incoming_;
  Answer answer_;
  bool busy_ = false;
  bool last_answer_ = false;  // the server said that it closes the connection
};

}  // namespace quipu::torture
