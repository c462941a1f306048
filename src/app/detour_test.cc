#include "app/detour.h"

#include <gtest/gtest.h>

#include <fstream>

#include "app/info_file.h"
#include "base/temporary_directory.h"

namespace quipu::app {
namespace {

TEST(Detour, OnlyWhatIsOnThisMachineInTheClearHasOne) {
  const auto redis = [](std::string url, std::uint16_t port = 0) {
    return loopback_port({.redis_url = std::move(url), .redis_port = port}, "redis");
  };
  EXPECT_EQ(redis("localhost"), 6379);
  EXPECT_EQ(redis("localhost", 7000), 7000);
  EXPECT_EQ(redis("127.0.0.1:7001", 7000), 7001);
  EXPECT_EQ(redis("redis://u:p@localhost:7002/3"), 7002);
  EXPECT_EQ(redis("rediss://localhost:7002"), std::nullopt);
  EXPECT_EQ(redis("redis://u:p@cache.example.org:6379"), std::nullopt);
  EXPECT_EQ(redis(""), std::nullopt);
  EXPECT_EQ(loopback_port({.docdb_connection_string = "mongodb://127.0.0.1/?x=1"}, "docdb"), 27'017);
  EXPECT_EQ(loopback_port({.docdb_connection_string = "mongodb://127.0.0.1/?tls=true"}, "docdb"), std::nullopt);
  EXPECT_EQ(loopback_port({.dynamo_endpoint = "http://localhost:8000"}, "dynamo"), 8000);
  EXPECT_EQ(loopback_port({.dynamo_endpoint = "https://localhost:8000"}, "dynamo"), std::nullopt);
  EXPECT_EQ(loopback_port({}, "momento"), std::nullopt);
}

TEST(Detour, LeavesEverythingButTheAddress) {
  const TemporaryDirectory scratch;
  StoreSettings settings{.redis_url = "redis://u:p@localhost:7002/3",
                         .docdb_connection_string = "mongodb://localhost/?directConnection=true",
                         .dynamo_endpoint = "http://localhost:8000"};
  EXPECT_EQ(detoured(settings, "redis", 9, scratch.path())->redis_url, "redis://u:p@127.0.0.1:9/3");
  EXPECT_EQ(detoured(settings, "docdb", 9, scratch.path())->docdb_connection_string,
            "mongodb://127.0.0.1:9/?directConnection=true");
  EXPECT_EQ(detoured(settings, "dynamo", 9, scratch.path())->dynamo_endpoint, "http://127.0.0.1:9");
}

TEST(Detour, FileIsWrittenAnew) {
  const TemporaryDirectory scratch;
  StoreSettings settings{.tidb_info = scratch.path() / "info.json"};
  std::ofstream{settings.tidb_info}
      << R"({"host":"localhost","port":4001,"user":"root","pwd":"x","db":"d","more":[1]})";
  EXPECT_EQ(loopback_port(settings, "tidb"), 4001);
  const auto other = detoured(settings, "tidb", 9, scratch.path());
  ASSERT_TRUE(other);
  EXPECT_EQ(*read_info_file(other->tidb_info),
            (TextByName{{"host", "127.0.0.1"}, {"port", "9"}, {"user", "root"}, {"pwd", "x"}, {"db", "d"}}));
}

}  // namespace
}  // namespace quipu::app
