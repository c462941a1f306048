#include "http/resolve.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/guarded.h"

namespace quipu::http {
namespace {

using std::chrono::steady_clock;

addrinfo hints_with(int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  return hints;
}

int ask_at_once(const std::string& host, const std::string& port, int flags, Addresses& addresses) {
  const addrinfo hints = hints_with(flags);
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error == 0) addresses.reset(found);
  return error;
}

#ifdef __SANITIZE_THREAD__

// The C library's own threads are unknown to this sanitizer, which crashes in them.
int ask(const std::string& host, const std::string& port, MonotonicTime, Addresses& addresses) {
  return ask_at_once(host, port, 0, addresses);
}

#else

// A question to the C library's resolver, which has threads of its own. Until it is over it must stay where it is.
struct Lookup {
  Lookup(std::string asked_host, std::string asked_port) : host{std::move(asked_host)}, port{std::move(asked_port)} {
    request.ar_name = host.c_str();
    request.ar_service = port.c_str();
    request.ar_request = &hints;
  }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  ~Lookup() {
    if (request.ar_result != nullptr) freeaddrinfo(request.ar_result);
  }
  bool is_over() { return gai_error(&request) != EAI_INPROGRESS; }

  const std::string host;
  const std::string port;
  const addrinfo hints = hints_with(0);
  gaicb request{};
};

// Keeps what nobody waits for any more until it is over. There are no more of these than the resolver has threads (20):
// a lookup that no thread has yet can be cancelled.
void abandon(std::unique_ptr<Lookup> lookup) {
  // Never destroyed, because a lookup may still be under way when the process ends.
  static auto& abandoned = *new Guarded<std::vector<std::unique_ptr<Lookup> > >;
  abandoned.with([&](auto& lookups) {
    std::erase_if(lookups, [](const auto& old) { return old->is_over(); });
    lookups.push_back(std::move(lookup));
  });
}

// EAI_INPROGRESS: the deadline has passed.
int ask(const std::string& host, const std::string& port, MonotonicTime deadline, Addresses& addresses) {
  auto lookup = std::make_unique<Lookup>(host, port);
  std::array<gaicb*, 1> list{&lookup->request};
  if (const int error = getaddrinfo_a(GAI_NOWAIT, list.data(), 1, nullptr); error != 0) return error;
  while (!lookup->is_over()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0) {
      if (gai_cancel(&lookup->request) != EAI_CANCELED) abandon(std::move(lookup));
      return EAI_INPROGRESS;
    }
    timespec timeout{.tv_sec = left / 1'000, .tv_nsec = left % 1'000 * 1'000'000};
    gai_suspend(list.data(), 1, &timeout);
  }
  addresses.reset(std::exchange(lookup->request.ar_result, nullptr));
  return gai_error(&lookup->request);
}

#endif

}  // namespace

Result<Addresses> resolve(const std::string& host, std::uint16_t port, MonotonicTime deadline) {
  const std::string port_text = std::to_string(port);
  Addresses addresses;
  int error = ask_at_once(host, port_text, AI_NUMERICHOST, addresses);
  if (error == EAI_NONAME) error = ask(host, port_text, deadline, addresses);
  if (error == 0) return addresses;
  return fail(ErrorCode::unavailable, "cannot connect to {}:{}: {}", host, port,
              error == EAI_INPROGRESS ? "the name server did not answer in time" : gai_strerror(error));
}

}  // namespace quipu::http
