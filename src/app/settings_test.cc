#include "app/settings.h"

#include <gtest/gtest.h>

#include <fstream>

#include "app/serve.h"
#include "base/temporary_directory.h"

namespace quipu::app {
namespace {

std::string refusal(const Result<ServeSettings>& settings) {
  return settings ? "" : settings.error().message;
}

TEST(Settings, AFlagWinsOverTheEnvironmentAndThatOverTheFile) {
  const TextByName yaml{{"threads", "1"}, {"data", "from-file"}, {"listen", "127.0.0.1:1"}};
  const TextByName environment{{"QUIPU_THREADS", "2"}, {"QUIPU_DATA", "from-environment"}, {"PATH", "/bin"}};
  const TextByName flags{{"threads", "3"}};
  const auto settings = merge_settings(flags, environment, {}, yaml);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->threads, 3U);
  EXPECT_EQ(settings->data, "from-environment");
  EXPECT_EQ(settings->port, 1);
}

TEST(Settings, VariablesOfOthersAreWeakerThanOurOwnAndStrongerThanTheFiles) {
  const TextByName yaml{{"redis-url", "yaml"}, {"dynamo-table", "yaml"}, {"max-counter-value", "1"}};
  const TextByName dotenv{{"REDIS_URL", "dotenv"}, {"TABLE_NAME", "dotenv"}, {"HOME", "/root"}};
  const TextByName environment{
      {"REDIS_URL", "theirs"}, {"QUIPU_DYNAMO_REGION", "ours"}, {"AWS_REGION", "theirs"}, {"REDIS_PORT", ""}};
  const auto settings = merge_settings({}, environment, dotenv, yaml);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->stores.redis_url, "theirs");
  EXPECT_EQ(settings->stores.dynamo_table, "dotenv");
  EXPECT_EQ(settings->stores.dynamo_region, "ours");
  EXPECT_EQ(settings->stores.max_counter_value, 1);
  EXPECT_EQ(settings->stores.redis_port, 0);
  EXPECT_NE(refusal(merge_settings({}, {}, {{"MAX_COUNTER_VALUE", "0"}}, {})).find("MAX_COUNTER_VALUE in .env"),
            std::string::npos);
}

// A line of ours in .env was not looked at, whatever it said.
TEST(Settings, OurOwnVariablesCountInDotenvToo) {
  const TextByName dotenv{{"QUIPU_THREADS", "2"}, {"QUIPU_LISTEN", "127.0.0.1:2"}, {"QUIPU_URL", "x"}};
  const auto settings = merge_settings({}, {{"QUIPU_THREADS", "3"}}, dotenv, {{"listen", "127.0.0.1:1"}});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->threads, 3U);
  EXPECT_EQ(settings->port, 2);
  for (const auto* name : {"QUIPU_THREADS", "QUIPU_TREADS"})
    EXPECT_NE(refusal(merge_settings({}, {}, {{name, "x"}}, {})).find(fmt::format("{} in .env", name)),
              std::string::npos);
}

TEST(Dotenv, IsReadAsOtherToolsReadIt) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / ".env";
  const auto read = [&](std::string_view text) {
    std::ofstream{file} << text;
    return read_dotenv(file);
  };
  EXPECT_EQ(*read("# comment\n\nA=1\n export B = two words # why\nC='a # b'\nD=\"x\"\r\nE=\nF=a=b\n"),
            (TextByName{{"A", "1"}, {"B", "two words"}, {"C", "a # b"}, {"D", "x"}, {"E", ""}, {"F", "a=b"}}));
  EXPECT_NE(read("A=1\nnonsense\n").error().message.find(".env:2: expected NAME=VALUE"), std::string::npos);
  EXPECT_FALSE(read("A='open\n"));
  EXPECT_FALSE(read("=1\n"));
}

TEST(Settings, UnknownOnesAreRefusedByName) {
  EXPECT_NE(refusal(merge_settings({}, {{"QUIPU_TREADS", "2"}}, {}, {})).find("QUIPU_TREADS"), std::string::npos);
  EXPECT_NE(refusal(merge_settings({}, {}, {}, {{"treads", "2"}})).find("treads"), std::string::npos);
}

TEST(Settings, VariablesOfTheClientCommandsAreNoSettings) {
  EXPECT_EQ(refusal(merge_settings({}, {{"QUIPU_URL", "x"}, {"QUIPU_API_KEY", "x"}}, {}, {})), "");
}

TEST(Settings, ABadValueIsRefusedWithThePlaceWhereItStands) {
  EXPECT_NE(refusal(merge_settings({{"threads", "many"}}, {}, {}, {})).find("--threads"), std::string::npos);
  EXPECT_NE(refusal(merge_settings({}, {{"QUIPU_DEV", "maybe"}}, {}, {})).find("QUIPU_DEV"), std::string::npos);
  EXPECT_NE(refusal(merge_settings({}, {}, {}, {{"log-level", "loud"}})).find("log-level"), std::string::npos);
}

TEST(Settings, EverySettingHasARangeThatIsKept) {
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"threads", "65"},
                                                                                    {"threads", "-1"},
                                                                                    {"connections-max", "0"},
                                                                                    {"cache-mib", "7"},
                                                                                    {"free-space-floor-mib", "0"},
                                                                                    {"listen", "localhost"},
                                                                                    {"listen", "localhost:65536"},
                                                                                    {"listen", "::1:80"},
                                                                                    {"data", ""}})
    EXPECT_NE(refusal(merge_settings({{name, value}}, {}, {}, {})), "") << name << " " << value;
}

TEST(Settings, CertificateAndKeyGoTogether) {
  EXPECT_NE(refusal(merge_settings({{"tls-cert", "a"}}, {}, {}, {})), "");
  EXPECT_EQ(refusal(merge_settings({{"tls-cert", "a"}, {"tls-key", "b"}}, {}, {}, {})), "");
}

TEST(Settings, ReadFromAYamlFile) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "quipu.yaml";
  const auto read = [&](std::string_view text) {
    std::ofstream{file} << text;
    return read_yaml(file);
  };
  EXPECT_EQ(*read("listen: 127.0.0.1:80\ndev: true\n"), (TextByName{{"listen", "127.0.0.1:80"}, {"dev", "true"}}));
  EXPECT_TRUE(read("")->empty());
  EXPECT_FALSE(read("just text"));
  EXPECT_FALSE(read("listen: [1, 2]"));
  EXPECT_FALSE(read("a: 1\na: 2\n"));
  EXPECT_FALSE(read("{"));
  EXPECT_FALSE(read_yaml(directory.path() / "missing.yaml"));
}

TEST(Listen, HostAndPort) {
  std::string host;
  std::uint16_t port = 0;
  ASSERT_TRUE(parse_listen("[::1]:7070", host, port));
  EXPECT_EQ(host, "::1");
  EXPECT_EQ(port, 7070);
}

TEST(Exposure, OnlyLoopbackIsPrivate) {
  for (const auto* host : {"127.0.0.1", "127.1.2.3", "localhost", "::1"}) EXPECT_FALSE(is_public_address(host)) << host;
  for (const auto* host : {"0.0.0.0", "::", "10.0.0.1", "example.org"}) EXPECT_TRUE(is_public_address(host)) << host;
}

}  // namespace
}  // namespace quipu::app
