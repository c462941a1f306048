#include "storage/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

namespace quipu::storage {

namespace {

std::string read_line(const std::filesystem::path& path) {
  std::ifstream in{path};
  std::string line;
  std::getline(in, line);
  return line;
}

// "process 123 (quipu)", as well as it can be said.
std::string holder(const std::filesystem::path& path) {
  const std::string process = read_line(path);
  if (process.empty() || process.find_first_not_of("0123456789") != std::string::npos) return "another process";
  const std::string name = read_line("/proc/" + process + "/comm");
  return "process " + process + (name.empty() ? "" : " (" + name + ")");
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& path, bool create) {
  const int flags = create ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC;
  const int descriptor = ::open(path.c_str(), flags, 0600);
  if (descriptor < 0) return fail(ErrorCode::environment, "cannot open {}: {}", path.string(), std::strerror(errno));
  DirectoryLock lock{descriptor};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return fail(ErrorCode::environment, "cannot lock {}: {}", path.string(), std::strerror(errno));
    return fail(ErrorCode::environment, "{} is in use by {}; stop that first", path.parent_path().string(),
                holder(path));
  }
  if (create) {
    // Only for the message above: a failure to write it harms nothing.
    const std::string process = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, process.data(), process.size(), 0);
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace quipu::storage
