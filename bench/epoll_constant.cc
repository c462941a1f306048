// The yardstick: the least that can be called an HTTP server. Every read that ends a head gets the same answer; nothing
// is parsed, and every error ends the connection.
//
//   epoll_constant PORT
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

int main(int, char** arguments) {
  static constexpr std::string_view answer =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n"
      R"({"counter":"orders","new_value":1})";
  const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, poll = epoll_create1(0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{AF_INET, htons(static_cast<in_port_t>(std::atoi(arguments[1]))), {htonl(INADDR_LOOPBACK)}, {}};
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 4096) != 0)
    return 1;
  epoll_event events[256]{{EPOLLIN, {.fd = listener}}};
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, events);
  for (char bytes[16384];;) {
    for (int i = 0, count = epoll_wait(poll, events, 256, -1); i < count; ++i) {
      if (events[i].data.fd == listener) {
        epoll_event event{EPOLLIN, {.fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)}};
        setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
        continue;
      }
      const ssize_t size = recv(events[i].data.fd, bytes, sizeof bytes, 0);
      if (size < 0 && errno == EAGAIN) continue;
      const bool is_whole = size >= 4 && std::string_view{bytes, static_cast<std::size_t>(size)}.ends_with("\r\n\r\n");
      if (size <= 0 || (is_whole && send(events[i].data.fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0)) {
        close(events[i].data.fd);
      }
    }
  }
}
