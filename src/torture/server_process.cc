#include "torture/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "base/assert.h"

namespace quipu::torture {

namespace {

constexpr int exec_failed_code = 127;

// Between fork and exec only async-signal-safe calls are allowed: everything is prepared before.
[[noreturn]] void become_server(const char* executable, char* const* arguments, char* const* environment,
                                const char* directory, int log, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(exec_failed_code);  // the parent died before the line above
  ::setpgid(0, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  ::signal(SIGPIPE, SIG_DFL);
  if (::chdir(directory) == 0 && ::dup2(log, STDOUT_FILENO) >= 0 && ::dup2(log, STDERR_FILENO) >= 0)
    ::execve(executable, arguments, environment);
  ::_exit(exec_failed_code);
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (auto& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_without_settings() {
  std::vector<std::string> kept;
  for (char** variable = environ; *variable != nullptr; ++variable)
    if (!std::string_view{*variable}.starts_with("QUIPU_")) kept.emplace_back(*variable);
  return kept;
}

}  // namespace

Result<ServerProcess> ServerProcess::start(const ServerCommand& command) {
  const FileDescriptor log{::open(command.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  if (!log.open())
    return fail(ErrorCode::environment, "cannot open {}: {}", command.log_file.string(), std::strerror(errno));
  std::vector<std::string> arguments{"quipu"};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> environment = environment_without_settings();
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_pointers = pointers_to(environment);

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    become_server(command.executable.c_str(), argument_pointers.data(), environment_pointers.data(),
                  command.working_directory.c_str(), log.number(), parent);
  }
  if (pid < 0) return fail(ErrorCode::environment, "cannot start a process: {}", std::strerror(errno));
  const auto ended = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  const int error = errno;
  ServerProcess process{pid, FileDescriptor{ended}};
  if (ended < 0) return fail(ErrorCode::environment, "pidfd_open: {}", std::strerror(error));
  return process;
}

ServerProcess::~ServerProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool ServerProcess::wait_for_end(std::chrono::microseconds timeout) {
  if (pid_ < 0) return true;
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left =
        std::max(std::chrono::nanoseconds{0}, std::chrono::nanoseconds{until - std::chrono::steady_clock::now()});
    pollfd ended{.fd = ended_.number(), .events = POLLIN, .revents = 0};
    const timespec limit{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
    const int ready = ::ppoll(&ended, 1, &limit, nullptr);
    if (ready > 0) break;
    // A Ctrl-C interrupts the wait, but says nothing about the server.
    if (ready == 0 || errno != EINTR) return false;
  }
  pid_t reaped = 0;
  do {
    reaped = ::waitpid(pid_, &wait_status_, 0);
  } while (reaped < 0 && errno == EINTR);
  QUIPU_ASSERT(reaped == pid_, "waitpid({}) gave {}: {}", pid_, reaped, std::strerror(errno));
  pid_ = -1;
  return true;
}

void ServerProcess::send_signal(int signal) {
  if (pid_ > 0) ::kill(pid_, signal);
}

std::string ServerProcess::how_it_ended() const {
  if (ended_by_signal() != 0) return fmt::format("signal {}", ended_by_signal());
  return fmt::format("exit code {}", exit_code());
}

int ServerProcess::exit_code() const {
  return WIFEXITED(wait_status_) ? WEXITSTATUS(wait_status_) : -1;
}

int ServerProcess::ended_by_signal() const {
  return WIFSIGNALED(wait_status_) ? WTERMSIG(wait_status_) : 0;
}

std::string last_lines(const std::filesystem::path& file, std::size_t bytes_max) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) return {};
  std::ifstream in{file, std::ios::binary};
  const auto skipped = size > bytes_max ? size - bytes_max : 0;
  in.seekg(static_cast<std::streamoff>(skipped));
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (skipped > 0) text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
  return text;
}

}  // namespace quipu::torture
