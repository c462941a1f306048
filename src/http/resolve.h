// Which addresses a host has. The system's resolver waits for a silent name server as long as it sees fit; here nobody
// waits past a deadline.
#pragma once

#include <netdb.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace quipu::http {

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
// A list, in the order in which they are to be tried.
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// At least one. A host that is an address needs no resolver.
Result<Addresses> resolve(const std::string& host, std::uint16_t port, MonotonicTime deadline);

}  // namespace quipu::http
