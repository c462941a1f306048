// A file descriptor with an owner, and the few loopback socket calls that the torture run makes. It has its own small
// client on purpose: what judges the server shares no parsing with it.
#pragma once

#include <cstdint>
#include <utility>

#include "base/result.h"

namespace quipu::torture {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_{number} {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() { close(); }

  int number() const { return number_; }
  bool open() const { return number_ >= 0; }
  void close() noexcept;

 private:
  int number_ = -1;
};

// Both on 127.0.0.1, close-on-exec; the connection is non-blocking once it stands.
Result<FileDescriptor> connect_loopback(std::uint16_t port);
Result<FileDescriptor> listen_loopback(std::uint16_t port, std::uint16_t& bound_port);

// A port that nobody listens on now.
Result<std::uint16_t> free_port();

}  // namespace quipu::torture
