// What the tests of this folder share: a directory that goes away, and writes that can be waited for.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "storage/committer.h"
#include "storage/log_scan.h"
#include "storage/store.h"

namespace quipu::storage {

// A multiple of the work of the long tests; 1 unless the environment says more.
inline std::uint64_t test_scale() {
  const char* scale = std::getenv("QUIPU_TEST_SCALE");
  return scale == nullptr ? 1 : std::max<std::uint64_t>(1, std::strtoull(scale, nullptr, 10));
}

// Tests that fail the store a thousand times say so once.
class QuietLog {
 public:
  QuietLog() { set_log_level(LogLevel::off); }
  ~QuietLog() { set_log_level(before_); }
  QuietLog(const QuietLog&) = delete;
  QuietLog& operator=(const QuietLog&) = delete;

 private:
  const LogLevel before_ = log_level();
};

// In memory where there is room: thousands of stores are made here, and what these tests ask of a disk, the simulated
// ones check. QUIPU_TEST_DIRECTORY names another place.
inline std::filesystem::path test_root() {
  if (const char* named = std::getenv("QUIPU_TEST_DIRECTORY")) return named;
  const std::filesystem::path memory = "/dev/shm";
  std::error_code error;
  const auto space = std::filesystem::space(memory, error);
  return !error && space.available > 2_GiB ? memory : std::filesystem::temp_directory_path();
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() : TemporaryDirectory{test_root()} {}
  explicit TemporaryDirectory(const std::filesystem::path& above) {
    std::string name = (above / "quipu-storage-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path data() const { return path_ / "data"; }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

// A write made of a function, which its thread can wait for, and destroy then: finish() lets go of it under a lock.
class TestWrite final : public Write {
 public:
  enum class Kind : std::uint8_t { plain, ends_group, may_use_reserve };

  explicit TestWrite(std::function<void(WriteGroup&)> apply, Kind kind = Kind::plain)
      : apply_{std::move(apply)}, kind_{kind} {}

  void apply(WriteGroup& group) override { apply_(group); }
  void finish(Committed outcome) noexcept override {
    const std::lock_guard lock{mutex_};
    outcome_ = outcome;
    finished_.notify_all();
  }
  bool ends_group() const override { return kind_ == Kind::ends_group; }
  bool may_use_reserve() const override { return kind_ == Kind::may_use_reserve; }
  bool done() const {
    const std::lock_guard lock{mutex_};
    return outcome_.has_value();
  }
  Committed wait() {
    std::unique_lock lock{mutex_};
    finished_.wait(lock, [this] { return outcome_.has_value(); });
    return *outcome_;
  }

 private:
  const std::function<void(WriteGroup&)> apply_;
  const Kind kind_;
  mutable std::mutex mutex_;
  std::condition_variable finished_;
  std::optional<Committed> outcome_;
};

inline Committed commit(Committer& committer, std::function<void(WriteGroup&)> apply,
                        TestWrite::Kind kind = TestWrite::Kind::plain) {
  TestWrite write{std::move(apply), kind};
  committer.submit(write);
  return write.wait();
}

inline Committed put(Committer& committer, std::string_view key, std::string_view value) {
  return commit(committer, [&](WriteGroup& group) { group.put(key, value); });
}

inline std::string to_string(const Error& error) {
  return error.message;
}

// The value, or "(absent)", or "(error: ...)".
inline std::string value_of(const Store& store, std::string_view key) {
  std::string value;
  const auto found = store.get(key, value);
  if (!found) return "(error: " + found.error().message + ")";
  return *found ? value : "(absent)";
}

inline std::unique_ptr<Store> open_or_fail(const StoreOptions& options) {
  auto store = Store::open(options);
  EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().message);
  return store ? *std::move(store) : nullptr;
}

// Takes the space that a killed store's logs have in front of them away, so that what a test damages is data.
inline void cut_unwritten_space(const std::filesystem::path& directory) {
  const auto logs = scan_logs(*rocksdb::FileSystem::Default(), directory / "rows");
  for (const LogScan& log : logs.value()) {
    std::filesystem::resize_file(log.path, log.good_bytes);
  }
}

}  // namespace quipu::storage
