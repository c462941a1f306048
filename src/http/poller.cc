#include "http/poller.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/assert.h"

namespace quipu::http {

void Descriptor::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Result<> Poller::open() {
  epoll_ = Descriptor{epoll_create1(EPOLL_CLOEXEC)};
  event_ = Descriptor{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!epoll_.is_open() || !event_.is_open()) {
    return fail(ErrorCode::environment, "cannot make an event loop: {}", std::generic_category().message(errno));
  }
  // Edge-triggered, so that it never has to be read: every write is an edge.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, event_.number(), &event) != 0) {
    return fail(ErrorCode::environment, "cannot make an event loop: {}", std::generic_category().message(errno));
  }
  return {};
}

bool Poller::add_connection(int descriptor, void* tag) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = tag}};
  return epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool Poller::add_listener(int descriptor, void* tag) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = tag}};
  return epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Poller::remove(int descriptor) {
  epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, descriptor, nullptr);
}

std::span<const epoll_event> Poller::wait_for_events(int timeout_ms) {
  const int count = epoll_wait(epoll_.number(), events_.data(), static_cast<int>(events_.size()), timeout_ms);
  QUIPU_ASSERT(count >= 0 || errno == EINTR, "epoll_wait: {}", std::generic_category().message(errno));
  return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

void Poller::wake() noexcept {
  if (!asleep_.exchange(false, std::memory_order_seq_cst)) return;
  const std::uint64_t one = 1;
  // It cannot fail: the counter would have to reach 2^64 first.
  [[maybe_unused]] const ssize_t written = ::write(event_.number(), &one, sizeof one);
}

}  // namespace quipu::http
