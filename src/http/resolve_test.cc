#include "http/resolve.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>

namespace quipu::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

std::string first_of(const Result<Addresses>& found) {
  if (!found) return found.error().message;
  std::array<char, 64> host{}, port{};
  getnameinfo((*found)->ai_addr, (*found)->ai_addrlen, host.data(), host.size(), port.data(), port.size(),
              NI_NUMERICHOST | NI_NUMERICSERV);
  return fmt::format("{} {}", host.data(), port.data());
}

// What test_redis.py::test_a_silent_name_server_does_not_stop_the_clock needs a name server for is tested there.
TEST(Resolve, AnAddressNeedsNoResolverAndNoTime) {
  const MonotonicTime past = steady_clock::now() - 1s;
  EXPECT_EQ(first_of(resolve("127.0.0.1", 80, past)), "127.0.0.1 80");
  EXPECT_EQ(first_of(resolve("::1", 65'535, past)), "::1 65535");
}

TEST(Resolve, ANameIsLookedUp) {
  const std::string found = first_of(resolve("localhost", 1, steady_clock::now() + 10s));
  EXPECT_TRUE(found == "127.0.0.1 1" || found == "::1 1") << found;
}

TEST(Resolve, WhatIsNoNameIsAnError) {
  const auto found = resolve("no name", 1, steady_clock::now() + 10s);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::unavailable);
}

// Each is given up at once, wherever it is: its memory must outlast it, and not be kept for ever.
TEST(Resolve, LookupsThatNobodyWaitsForAreHarmless) {
  for (int i = 0; i < 200; ++i) {
    const auto found = resolve("localhost", 1, steady_clock::now() - 1s);
    EXPECT_TRUE(found || found.error().code == ErrorCode::unavailable);
  }
  EXPECT_TRUE(resolve("localhost", 1, steady_clock::now() + 10s));
}

}  // namespace
}  // namespace quipu::http
