#include "remote/momento_key.h"

#include <gtest/gtest.h>

namespace quipu::remote::momento {
namespace {

// {"endpoint":"cell-1.example.com","api_key":"the.real.token"}
constexpr std::string_view version_1 =
    "eyJlbmRwb2ludCI6ImNlbGwtMS5leGFtcGxlLmNvbSIsImFwaV9rZXkiOiJ0aGUucmVhbC50b2tlbiJ9";
// {"alg":"none"}.{"t":"g","id":"x"}.
constexpr std::string_view version_2 = "eyJhbGciOiJub25lIn0.eyJ0IjoiZyIsImlkIjoieCJ9.c2ln";
// {"alg":"none"}.{"c":"cache.old.example.com","cp":"control.old.example.com"}.
constexpr std::string_view legacy =
    "eyJhbGciOiJub25lIn0.eyJjIjoiY2FjaGUub2xkLmV4YW1wbGUuY29tIiwiY3AiOiJjb250cm9sLm9sZC5leGFtcGxlLmNvbSJ9.c2ln";

Access read(std::string_view key, std::string_view endpoint) {
  auto access = read_access({.api_key = std::string{key}, .endpoint = std::string{endpoint}});
  EXPECT_TRUE(access) << access.error().message;
  return access ? *access : Access{};
}

TEST(MomentoKey, Version1SaysWhereAndHoldsTheToken) {
  const Access access = read(version_1, "https://api.cache.ignored.example.com");
  EXPECT_EQ(access.token, "the.real.token");
  EXPECT_EQ(access.cache_address, "cache.cell-1.example.com:443");
  EXPECT_EQ(access.control_address, "control.cell-1.example.com:443");
  EXPECT_TRUE(access.tls);
}

TEST(MomentoKey, Version2IsTheTokenAndTheFileSaysWhere) {
  for (const std::string_view endpoint : {"cell-2.example.com", "https://api.cache.cell-2.example.com",
                                          "https://api.cache.cell-2.example.com/", "cache.cell-2.example.com"}) {
    const Access access = read(version_2, endpoint);
    EXPECT_EQ(access.token, version_2);
    EXPECT_EQ(access.cache_address, "cache.cell-2.example.com:443") << endpoint;
    EXPECT_EQ(access.control_address, "control.cell-2.example.com:443") << endpoint;
  }
  EXPECT_EQ(read(version_2, "cell-2.example.com:8443").cache_address, "cache.cell-2.example.com:8443");
  EXPECT_FALSE(read_access({.api_key = std::string{version_2}}));
}

TEST(MomentoKey, OldestKeysSayWhereInTheirClaims) {
  const Access access = read(legacy, "");
  EXPECT_EQ(access.token, legacy);
  EXPECT_EQ(access.cache_address, "cache.old.example.com:443");
  EXPECT_EQ(access.control_address, "control.old.example.com:443");
}

TEST(MomentoKey, PlainAddressIsTakenAsItIs) {
  const Access access = read("anything", "http://127.0.0.1:8080");
  EXPECT_FALSE(access.tls);
  EXPECT_EQ(access.cache_address, "127.0.0.1:8080");
  EXPECT_EQ(access.control_address, "127.0.0.1:8080");
  EXPECT_EQ(read(version_1, "http://127.0.0.1:8080").token, "the.real.token");
}

}  // namespace
}  // namespace quipu::remote::momento
