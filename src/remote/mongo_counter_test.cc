#include "remote/mongo_counter.h"

#include <gtest/gtest.h>

#include <limits>

#include "remote/remote_counters.h"

namespace quipu::remote::mongo {
namespace {

using counter::CallKind;
using counter::CallOutcome;
using Value = Counter::Value;

Document with_value(std::string_view json_value) {
  bson_error_t error{};
  const std::string json = fmt::format(R"({{"counter_id": "a", "atomic_counter": {}}})", json_value);
  bson_t* bson =
      bson_new_from_json(reinterpret_cast<const std::uint8_t*>(json.data()), static_cast<ssize_t>(json.size()), &error);
  EXPECT_NE(bson, nullptr) << error.message;
  Document document{*bson};
  bson_destroy(bson);
  return document;
}

Counter counter_of(std::string_view json_value) {
  return read_counter(with_value(json_value));
}

std::optional<std::int64_t> number_in(const Document& document, std::string_view key) {
  const auto found = document.find(key);
  return found && BSON_ITER_HOLDS_INT64(&*found) ? std::optional{bson_iter_int64(&*found)} : std::nullopt;
}

// A store that nothing can be sent to: its calls are prepared, and then refused.
class NoRemote final : public Remote {
 public:
  std::string_view name() const override { return "docdb"; }
  std::string address() const override { return "nowhere"; }
  unsigned links() const override { return 0; }
  std::unique_ptr<Link> make_link() const override { return nullptr; }
  Result<StoreReport> prepare() const override { return StoreReport{}; }
};

class MongoCounterTest : public ::testing::Test, private counter::CounterCall::Completion {
 protected:
  RemoteCall& increment(std::int64_t by, std::optional<std::int64_t> max = {}, std::string_view key = {}) {
    counter::CounterCall& call = begin(CallKind::increment);
    counter::CounterCall::Item& item = call.add("a");
    item.by = by;
    item.max = max;
    if (!key.empty()) call.make_idempotent(key);
    return prepared(call);
  }
  RemoteCall& set(std::int64_t value, std::optional<std::int64_t> expected) {
    counter::CounterCall& call = begin(CallKind::set);
    call.add("a");
    call.set_wanted(value, expected);
    return prepared(call);
  }

 private:
  counter::CounterCall& begin(CallKind kind) {
    calls_.push_back(counters_.new_call());
    calls_.back()->begin(kind);
    return *calls_.back();
  }
  RemoteCall& prepared(counter::CounterCall& call) {
    EXPECT_FALSE(call.start(*this));
    return static_cast<RemoteCall&>(call);
  }
  void completed(counter::CounterCall&) noexcept override {}

  std::vector<std::unique_ptr<counter::CounterCall>> calls_;  // they wait in vain until counters_ goes
  RemoteCounters counters_{std::make_unique<NoRemote>()};
};

TEST(MongoCounter, WholeNumbersOfAnyTypeAreCounters) {
  EXPECT_EQ(counter_of("7").value, Value::integer);
  EXPECT_EQ(counter_of(R"({"$numberLong": "9223372036854775807"})").number, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(counter_of("7.0").value, Value::whole);
  EXPECT_EQ(counter_of("-7.0").number, -7);
  for (const char* other : {"7.5", "1e300", "-1e300", R"({"$numberDouble": "NaN"})", R"({"$numberDouble": "Infinity"})",
                            "9223372036854775808.0", "\"7\"", "null", "true", "[7]", "{}"})
    EXPECT_EQ(counter_of(other).value, Value::other) << other;
  EXPECT_EQ(read_counter(Document{}).value, Value::none);
}

TEST_F(MongoCounterTest, StepThatWouldPassTheLimitIsRefused) {
  const RemoteCall& call = increment(7, 10);
  EXPECT_EQ(decide(call, {.value = Value::integer, .number = 3}).value, 10);
  const Decision refused = decide(call, {.value = Value::integer, .number = 4});
  EXPECT_EQ(refused.outcome, CallOutcome::max_reached);
  EXPECT_EQ(refused.value, 4);
  EXPECT_EQ(decide(call, Counter{}).value, 7);
}

TEST_F(MongoCounterTest, LastNumberOf64BitsIsALimit) {
  const Counter last{.value = Value::integer, .number = std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(decide(increment(1), last).outcome, CallOutcome::max_reached);
}

TEST_F(MongoCounterTest, SetComparesWithTheExpectedValue) {
  EXPECT_EQ(decide(set(9, 0), Counter{}).outcome, CallOutcome::done);
  EXPECT_EQ(decide(set(9, 4), {.value = Value::integer, .number = 5}).outcome, CallOutcome::value_differs);
  EXPECT_EQ(decide(set(9, 4), {.value = Value::other}).outcome, CallOutcome::not_a_counter);
}

TEST_F(MongoCounterTest, MarkerIsFoundUntilItIsTooOld) {
  constexpr std::int64_t day_ms = 24 * 60 * 60 * 1000;
  const RemoteCall& call = increment(1, {}, "key");
  const Document update = update_with(call, {.value = 1}, {.markers_written = markers_max + 3}, day_ms);
  const auto sets = update.find("$set");
  bson_iter_t marker;
  ASSERT_TRUE(sets && bson_iter_recurse(&*sets, &marker));
  ASSERT_TRUE(bson_iter_find(&marker, "markers.m3"));  // the hundredth before it gives its place
  Document markers;
  markers.same("m3", marker);
  Document stored;
  stored.document("markers", markers);
  const auto kept = find_marker(stored, call.marker(), 2 * day_ms);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->request_hash, call.request_hash());
  EXPECT_EQ(kept->outcome, "0:1");
  EXPECT_FALSE(find_marker(stored, call.marker(), 2 * day_ms + 1));
  EXPECT_FALSE(find_marker(stored, "another", day_ms));
}

TEST_F(MongoCounterTest, ChangeIsOnlyOfWhatWasRead) {
  Document read;
  read.text("counter_id", "a").int64("atomic_counter", 5).int64("markers_written", 2);
  const RemoteCall& call = increment(1);
  const Document filter = unchanged_since(call, &read);
  EXPECT_EQ(number_in(filter, "atomic_counter"), 5);
  EXPECT_EQ(number_in(filter, "markers_written"), 2);
  EXPECT_EQ(number_in(unchanged_since(call, nullptr), "atomic_counter"), std::nullopt);  // but $exists: false
}

}  // namespace
}  // namespace quipu::remote::mongo
