// Every call to the disk fails once, in every way: nothing that was acknowledged is ever missing afterwards.
#include "base/random.h"
#include "storage/ledger.h"
#include "storage/test_support.h"

namespace quipu::storage {
namespace {

struct Sweep {
  const char* name;
  const char* settings;
  std::uint64_t stride;  // of the points visited; all of them under QUIPU_TEST_SCALE
};

class FaultSweep : public ::testing::TestWithParam<Sweep> {};

TEST_P(FaultSweep, AcknowledgedWritesSurviveEveryPoint) {
  const QuietLog quiet;
  const std::uint64_t stride = test_scale() > 1 ? 1 : GetParam().stride;
  std::uint64_t points = 0, opened = 0, acknowledged = 0, unknown = 0;
  for (std::uint64_t at = 1;; at += stride) {
    const TemporaryDirectory temporary;
    const std::filesystem::path report = temporary.path() / "fired";
    StoreOptions options{.directory = temporary.data(), .write_buffer_bytes = 64_KiB};
    options.simulated_disk = fmt::format("fault:at={},{},report={}", at, GetParam().settings, report.string());
    SCOPED_TRACE(options.simulated_disk);
    Ledger ledger;
    SeededRandom random{at};
    if (auto store = Store::open(options)) {
      ++opened;
      ledger.run(**store, random, 60);
    }
    if (!std::filesystem::exists(report)) break;  // the run is shorter than that: every point was visited
    SCOPED_TRACE(read_file(report));
    ++points;
    acknowledged += ledger.acknowledgements();
    unknown += ledger.unknowns();
    const auto store = open_or_fail({.directory = temporary.data()});
    ASSERT_NE(store, nullptr);
    ASSERT_EQ(ledger.check(*store), "");
  }
  std::printf("%llu points, %llu opened, %llu writes acknowledged, %llu unknown\n",
              static_cast<unsigned long long>(points), static_cast<unsigned long long>(opened),
              static_cast<unsigned long long>(acknowledged), static_cast<unsigned long long>(unknown));
  EXPECT_GE(points * stride, 40u);
  EXPECT_GT(acknowledged, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, FaultSweep,
                         ::testing::Values(Sweep{"InputOutputErrorOnce", "kind=eio,for=once", 2},
                                           Sweep{"InputOutputErrorForEver", "kind=eio,for=ever", 2},
                                           Sweep{"NoSpaceOnce", "kind=enospc,for=once", 2},
                                           Sweep{"NoSpaceForEver", "kind=enospc,for=ever", 2},
                                           Sweep{"ShortWriteOnce", "kind=short,for=once", 2},
                                           Sweep{"ShortWriteForEver", "kind=short,for=ever", 2},
                                           Sweep{"SyncErrorOnce", "kind=eio,calls=sync,for=once", 1},
                                           Sweep{"SyncErrorForEver", "kind=eio,calls=sync,for=ever", 1}),
                         [](const auto& sweep) { return sweep.param.name; });

}  // namespace
}  // namespace quipu::storage
