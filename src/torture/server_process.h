// The server under torture as a process of its own.
//
// The child is killed by the kernel when the thread that started it ends (PR_SET_PDEATHSIG), so start and use it on a
// thread that lives as long as the run. It is in its own process group: a Ctrl-C at the terminal does not reach it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "torture/socket.h"

namespace quipu::torture {

struct ServerCommand {
  std::filesystem::path executable;
  std::vector<std::string> arguments;       // after the program's name
  std::filesystem::path working_directory;  // absolute; a quipu.yaml of the caller's directory must not be found
  std::filesystem::path log_file;           // absolute; what it prints is appended
};

class ServerProcess {
 public:
  // Without the caller's QUIPU_* variables.
  static Result<ServerProcess> start(const ServerCommand& command);
  ServerProcess(ServerProcess&& other) noexcept
      : pid_{std::exchange(other.pid_, -1)}, ended_{std::move(other.ended_)}, wait_status_{other.wait_status_} {}
  ServerProcess& operator=(ServerProcess&&) = delete;
  ~ServerProcess();  // kills it if it still runs

  pid_t pid() const { return pid_; }

  // True once the process has ended.
  bool wait_for_end(std::chrono::microseconds timeout);
  void send_signal(int signal);

  // After the end: in words, "exit code 1" or "signal 9"; the code or -1; the signal or 0.
  std::string how_it_ended() const;
  int exit_code() const;
  int ended_by_signal() const;

 private:
  explicit ServerProcess(pid_t pid, FileDescriptor ended) : pid_{pid}, ended_{std::move(ended)} {}

  pid_t pid_ = -1;        // -1 once it has ended and was reaped
  FileDescriptor ended_;  // a pidfd: readable when the process has ended
  int wait_status_ = 0;
};

// The end of a log file, for messages.
std::string last_lines(const std::filesystem::path& file, std::size_t bytes_max = 2000);

}  // namespace quipu::torture
