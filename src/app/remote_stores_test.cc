#include "app/remote_stores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/temporary_directory.h"

namespace quipu::app {
namespace {

class RemoteStoresTest : public testing::Test {
 protected:
  std::filesystem::path file(std::string_view text) const {
    const auto path = directory_.path() / "info.json";
    std::ofstream{path} << text;
    return path;
  }
  static StoreSettings with_tidb(std::filesystem::path info) {
    StoreSettings settings;
    settings.tidb_info = std::move(info);
    return settings;
  }
  static bool is_on(const Result<std::vector<StoreChoice>>& choices, std::string_view store) {
    return choices && std::ranges::find(*choices, store, &StoreChoice::name)->remote != nullptr;
  }
  static std::string refusal(const StoreSettings& settings) {
    const auto choices = choose_stores(settings);
    return choices ? "" : choices.error().message;
  }

  const TemporaryDirectory directory_;
};

// It was taken for a store that nobody wanted, and the 404 of its route named the wrong remedy.
TEST_F(RemoteStoresTest, AFileThatWasNamedMustBeThere) {
  EXPECT_NE(refusal(with_tidb(directory_.path() / "none.json")).find("tidb-info: there is no file"), std::string::npos);
  StoreSettings momento;
  momento.momento_info = directory_.path() / "none.json";
  EXPECT_NE(refusal(momento).find("momento-info: there is no file"), std::string::npos);
}

TEST_F(RemoteStoresTest, WithoutTheUsualFilesTheirStoresAreOff) {
  const auto choices = choose_stores({});
  ASSERT_TRUE(choices) << choices.error().message;
  EXPECT_FALSE(is_on(choices, "tidb"));
  EXPECT_FALSE(is_on(choices, "momento"));
  EXPECT_FALSE(is_on(choose_stores(with_tidb({})), "tidb")) << "an empty setting turns it off";
}

// "True" and 1 were taken for false, and the password travelled in the clear.
TEST_F(RemoteStoresTest, TlsIsTrueOrFalse) {
  const auto with_tls = [&](std::string_view tls) {
    return with_tidb(file(fmt::format(R"({{"host":"localhost","user":"u","pwd":"p","db":"d","tls":{}}})", tls)));
  };
  for (const char* wrong : {R"("True")", R"("yes")", "1", R"(" true")"})
    EXPECT_NE(refusal(with_tls(wrong)).find("tls must be true or false"), std::string::npos) << wrong;
  for (const char* right : {"true", "false", R"("true")", R"("false")", R"("")", "null"})
    EXPECT_TRUE(is_on(choose_stores(with_tls(right)), "tidb")) << right;
}

}  // namespace
}  // namespace quipu::app
