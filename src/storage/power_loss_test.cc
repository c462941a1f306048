// Acknowledged writes survive power loss: the disk forgets what was never synced (simulated_disk.h).
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>

#include "base/random.h"
#include "storage/ledger.h"
#include "storage/test_support.h"

namespace quipu::storage {
namespace {

// The power goes at a random call of each run: during creation, opening, writing, flushing, closing. The store that
// comes up must have every acknowledged write of all runs before.
TEST(PowerLoss, EveryAcknowledgedWriteSurvivesAnyMoment) {
  const QuietLog quiet;
  const std::uint64_t cycles = 300 * test_scale();
  const std::uint64_t seed = 20'261'121;
  SeededRandom random{seed};
  std::uint64_t opened = 0, acknowledgements = 0;
  auto temporary = std::make_unique<TemporaryDirectory>();
  Ledger ledger;
  for (std::uint64_t cycle = 0; cycle < cycles; ++cycle) {
    if (cycle % 10 == 0) {  // a new directory, so that creation meets a power loss often
      temporary = std::make_unique<TemporaryDirectory>();
      ledger = {};
    }
    StoreOptions options{.directory = temporary->data(), .write_buffer_bytes = 64_KiB};
    const std::uint64_t at = 1 + random.below(random.below(4) == 0 ? 60 : 700);
    options.simulated_disk = fmt::format("power-loss:seed={},at={}", random() >> 1, at);
    SCOPED_TRACE(fmt::format("seed {} cycle {} at {} {}", seed, cycle, at, temporary->path().string()));
    auto store = Store::open(options);
    if (!store) {
      EXPECT_EQ(store.error().code, ErrorCode::environment) << store.error().message;
      EXPECT_NE(store.error().message.find("simulated power loss"), std::string::npos) << store.error().message;
      continue;
    }
    ++opened;
    ASSERT_EQ(ledger.settle(**store), "");
    const std::uint64_t before = ledger.acknowledgements();
    ledger.run(**store, random, 200);
    acknowledgements += ledger.acknowledgements() - before;
  }
  std::printf("%llu cycles, %llu opened, %llu writes acknowledged\n", static_cast<unsigned long long>(cycles),
              static_cast<unsigned long long>(opened), static_cast<unsigned long long>(acknowledgements));
  EXPECT_GT(opened, cycles / 4);
  EXPECT_GT(acknowledgements, cycles * 5);
}

constexpr const char* child_directory = "QUIPU_STORAGE_CHILD_DIRECTORY";
constexpr const char* child_seed = "QUIPU_STORAGE_CHILD_SEED";

// The program that EveryAcknowledgedWriteSurvivesAKill kills: counts up one row, and prints each number once it is
// acknowledged.
TEST(PowerLossChild, CountsUntilItIsKilled) {
  const char* directory = std::getenv(child_directory);
  if (directory == nullptr) return;  // works only as a child of another test, which sets it
  const std::string disk = std::string{"power-loss:seed="} + std::getenv(child_seed);
  const auto store = Store::open({.directory = directory, .write_buffer_bytes = 64_KiB, .simulated_disk = disk});
  std::string begin = store ? value_of(**store, "counter") : "(refused) " + store.error().message;
  std::printf("opened %s\n", begin.c_str());
  std::fflush(stdout);
  if (!store) return;
  Committer committer{**store, {}};
  for (std::uint64_t next = std::strtoull(begin.c_str(), nullptr, 10) + 1;; ++next) {
    const std::string number = std::to_string(next);
    ASSERT_EQ(commit(committer,
                     [&](WriteGroup& group) {
                       group.put("counter", number);
                       group.put("filler" + number, std::string(500, 'f'));
                     }),
              Committed::durable);
    std::printf("%s\n", number.c_str());
    std::fflush(stdout);
  }
}

// Runs the child until it has acknowledged so many numbers, and kills it. What it opened with, and its last number.
struct ChildRun {
  std::string opened;
  std::uint64_t last = 0;
};

ChildRun run_child(const std::filesystem::path& directory, std::uint64_t seed, std::uint64_t acknowledgements) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const std::string seed_text = std::to_string(seed);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::setenv(child_directory, directory.c_str(), 1);
    ::setenv(child_seed, seed_text.c_str(), 1);
    ::execl("/proc/self/exe", "child", "--gtest_filter=PowerLossChild.*", nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  ChildRun run;
  std::FILE* lines = ::fdopen(ends[0], "r");
  std::array<char, 1'024> line;
  std::uint64_t seen = 0;
  while (seen < acknowledgements && std::fgets(line.data(), line.size(), lines) != nullptr) {
    const std::string_view text{line.data()};
    if (text.starts_with("opened ")) run.opened = text.substr(7, text.size() - 8);
    if (text.front() < '0' || text.front() > '9') continue;
    run.last = std::strtoull(line.data(), nullptr, 10);
    ++seen;
  }
  ::kill(child, SIGKILL);
  while (std::fgets(line.data(), line.size(), lines) != nullptr) {
    if (line[0] >= '0' && line[0] <= '9') run.last = std::strtoull(line.data(), nullptr, 10);
  }
  std::fclose(lines);
  ::waitpid(child, nullptr, 0);
  return run;
}

// kill -9 of a process on such a disk is a power cut: the page cache does not survive it.
TEST(PowerLoss, EveryAcknowledgedWriteSurvivesAKill) {
  const TemporaryDirectory temporary;
  SeededRandom random{7};
  std::uint64_t acknowledged = 0;
  for (std::uint64_t cycle = 0; cycle < 20 * test_scale(); ++cycle) {
    const ChildRun run = run_child(temporary.data(), random() >> 1, 1 + random.below(300));
    if (cycle == 0) {
      ASSERT_EQ(run.opened, "(absent)");
    } else {
      // One more than acknowledged may be there: the write that was under way.
      const std::uint64_t found = std::strtoull(run.opened.c_str(), nullptr, 10);
      ASSERT_GE(found, acknowledged) << run.opened;
      ASSERT_LE(found, acknowledged + 1) << run.opened;
    }
    acknowledged = run.last;
  }
  EXPECT_GT(acknowledged, 20u);
}

}  // namespace
}  // namespace quipu::storage
