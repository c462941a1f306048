#include "remote/momento.h"

#include "remote/momento_link.h"

namespace quipu::remote {

namespace {

class MomentoRemote final : public Remote {
 public:
  MomentoRemote(momento::Access access, std::string cache) {
    shared_.access = std::move(access);
    shared_.cache = std::move(cache);
  }

  std::string_view name() const override { return "momento"; }
  std::string address() const override { return fmt::format("{}/{}", shared_.access.cache_address, shared_.cache); }
  unsigned links() const override { return 64; }
  std::unique_ptr<Link> make_link() const override { return std::make_unique<momento::MomentoLink>(shared_); }

  Result<StoreReport> prepare() const override {
    momento::MomentoLink link{shared_};
    StoreReport report{.server = fmt::format("Momento at {}", shared_.access.cache_address)};
    // A key may be allowed to use a cache, but not to make one.
    const auto made = link.make_cache();
    QUIPU_CHECK(link.connect());
    if (made && *made) report.made.push_back(fmt::format("the cache {}", shared_.cache));
    report.durability = "memory only: a cache may forget any item at any time";
    report.warnings.emplace_back(
        fmt::format("a counter that is not changed for {} hours is forgotten, and begins at 1 again",
                    std::chrono::duration_cast<std::chrono::hours>(momento::time_to_live).count()));
    report.warnings.emplace_back("a lost answer cannot be asked for again: Idempotency-Key is refused");
    return report;
  }

 private:
  mutable momento::Shared shared_;
};

}  // namespace

Result<std::unique_ptr<Remote>> make_momento(const MomentoSettings& settings) {
  if (settings.api_key.empty()) return fail(ErrorCode::invalid_argument, "Momento's API key is empty");
  if (settings.cache.empty()) return fail(ErrorCode::invalid_argument, "momento-cache names no cache");
  QUIPU_TRY(auto access, momento::read_access(settings));
  return std::make_unique<MomentoRemote>(std::move(access), settings.cache);
}

}  // namespace quipu::remote
