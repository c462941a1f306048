// Acknowledged writes survive power loss: the disk forgets what was never synced (simulated_disk.h).
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

}  // namespace
}  // namespace quipu::storage
