#include <map>

#include "storage/test_support.h"

namespace quipu::storage {
namespace {

namespace fs = std::filesystem;

class Verify : public ::testing::Test {
 protected:
  // Half of the rows in tables, half in the log.
  void SetUp() override {
    write_rows(0, 500);
    const auto store = open_or_fail({.directory = live_});
    Committer committer{*store, {}};
    put_rows(committer, 500, 1'000);
    fs::copy(live_, directory_, fs::copy_options::recursive);
    cut_unwritten_space(directory_);
  }

  void write_rows(int from, int to) {
    const auto store = open_or_fail({.directory = live_});
    Committer committer{*store, {}};
    put_rows(committer, from, to);
  }

  static void put_rows(Committer& committer, int from, int to) {
    for (int i = from; i < to; ++i) {
      ASSERT_EQ(put(committer, fmt::format("key{:04}", i), std::string(100, 'v')), Committed::durable);
    }
  }

  std::map<fs::path, std::string> content() const {
    std::map<fs::path, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator{directory_}) {
      if (entry.is_regular_file()) files[entry.path()] = read_file(entry.path());
    }
    return files;
  }

  fs::path file_with(std::string_view suffix) const {
    for (const auto& entry : fs::recursive_directory_iterator{directory_}) {
      if (entry.path().string().ends_with(suffix) && fs::file_size(entry) > 0) return entry.path();
    }
    return {};
  }

  const TemporaryDirectory temporary_;
  const fs::path live_ = temporary_.path() / "live";
  const fs::path directory_ = temporary_.path() / "copy";
};

TEST_F(Verify, WholeDirectoryHasNoProblemsAndStaysAsItIs) {
  const auto before = content();
  double last = 0;
  const auto report = verify(directory_, {}, [&](double done) {
    EXPECT_GE(done, last);
    last = done;
  });
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->problems, std::vector<std::string>{});
  EXPECT_EQ(report->rows, 1'000u);
  EXPECT_EQ(report->last_sequence, 1'000u);
  EXPECT_EQ(report->watermark, 1'000u);
  EXPECT_EQ(report->table_files, 1u);
  EXPECT_EQ(last, 1);
  EXPECT_TRUE(content() == before);
}

TEST_F(Verify, DamagedTableIsNamed) {
  const fs::path table = file_with(".sst");
  std::string bytes = read_file(table);
  bytes[bytes.size() / 3] ^= 1;
  write_file(table, bytes);
  const auto report = verify(directory_, {}, {});
  ASSERT_TRUE(report.has_value());
  ASSERT_FALSE(report->problems.empty());
  EXPECT_NE(report->problems.front().find(table.filename().string()), std::string::npos) << report->problems.front();
}

TEST_F(Verify, MissingEndOfTheLogIsAProblem) {
  const fs::path log = file_with(".log");
  fs::resize_file(log, fs::file_size(log) - 1);
  const auto report = verify(directory_, {}, {});
  ASSERT_TRUE(report.has_value());
  ASSERT_FALSE(report->problems.empty());
  EXPECT_NE(report->problems.front().find("1 synced writes are missing"), std::string::npos)
      << report->problems.front();
}

TEST_F(Verify, TornTailThatNobodyWasToldOfIsNone) {
  const fs::path log = file_with(".log");
  write_file(log, read_file(log) + std::string(5'000, 'x'));
  const auto report = verify(directory_, {}, {});
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->problems, std::vector<std::string>{});
  EXPECT_EQ(report->rows, 1'000u);
}

TEST_F(Verify, RowsThatTheirOwnerRejectsAreListedUpToTheLimit) {
  const auto report = verify(directory_, [](std::string_view key, std::string_view) { return std::string{key}; }, {});
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->problems.size(), verify_problems_max);
  EXPECT_EQ(report->problems_not_listed, 1'000 - verify_problems_max);
  EXPECT_EQ(report->problems.front(), "key0000");
}

TEST_F(Verify, DirectoryInUseOrMissingCannotBeExamined) {
  const auto store = open_or_fail({.directory = directory_});
  const auto in_use = verify(directory_, {}, {});
  ASSERT_FALSE(in_use.has_value());
  EXPECT_NE(in_use.error().message.find("in use"), std::string::npos);
  const auto missing = verify(temporary_.path() / "nowhere", {}, {});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
}

TEST_F(Verify, ForeignDirectoryIsAProblem) {
  const TemporaryDirectory other;
  write_file(other.path() / "thesis.txt", "mine");
  const auto report = verify(other.path(), {}, {});
  ASSERT_TRUE(report.has_value());
  EXPECT_NE(report->problems.front().find("FORMAT is missing"), std::string::npos) << report->problems.front();
}

}  // namespace
}  // namespace quipu::storage
