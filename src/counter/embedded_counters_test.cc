#include "counter/embedded_counters.h"

#include <gtest/gtest.h>

#include <limits>
#include <semaphore>

#include "table/key_codec.h"
#include "table/temporary_tables.h"

namespace quipu::counter {
namespace {

constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

class EmbeddedCountersTest : public testing::Test, private CounterCall::Completion {
 protected:
  EmbeddedCountersTest() { open(); }

  void open() {
    auto counters = EmbeddedCounters::open(t_.tables(), workers_);
    QUIPU_ASSERT(counters.has_value(), "{}", counters.error().message);
    counters_ = *std::move(counters);
    call_ = counters_->new_call();
  }

  void reopen() {
    call_.reset();
    counters_.reset();
    t_.reopen();
    open();
  }

  CallOutcome run() {
    if (!call_->start(*this)) {
      counters_->flush();
      completed_.acquire();
    }
    return call_->outcome();
  }

  CallOutcome increment(std::string_view name, std::int64_t by = 1, std::optional<std::int64_t> max = {},
                        std::optional<std::int64_t> min = {}, std::string_view key = {}) {
    call_->begin(CallKind::increment);
    CounterCall::Item& item = call_->add(name);
    item.by = by;
    item.max = max;
    item.min = min;
    if (!key.empty()) call_->make_idempotent(key);
    return run();
  }

  CallOutcome set(std::string_view name, std::int64_t value, std::optional<std::int64_t> expected = {}) {
    call_->begin(CallKind::set);
    call_->add(name);
    call_->set_wanted(value, expected);
    return run();
  }

  CallOutcome erase(std::string_view name) {
    call_->begin(CallKind::erase);
    call_->add(name);
    return run();
  }

  std::int64_t read(std::string_view name) {
    call_->begin(CallKind::read);
    call_->add(name);
    EXPECT_EQ(run(), CallOutcome::done);
    return value();
  }

  std::int64_t value(std::size_t index = 0) const { return call_->item(index).value; }

  void completed(CounterCall&) noexcept override { completed_.release(); }

  table::TemporaryTables t_;
  WorkerPool workers_{1, 16};
  std::unique_ptr<EmbeddedCounters> counters_;
  std::unique_ptr<CounterCall> call_;
  std::binary_semaphore completed_{0};
};

TEST_F(EmbeddedCountersTest, CountsFromOneAndGoesOnAfterAReopen) {
  for (std::int64_t i = 1; i <= 5; ++i) {
    ASSERT_EQ(increment("orders"), CallOutcome::done);
    EXPECT_EQ(value(), i);
  }
  reopen();
  EXPECT_EQ(read("orders"), 5);
  ASSERT_EQ(increment("orders"), CallOutcome::done);
  EXPECT_EQ(value(), 6);
}

TEST_F(EmbeddedCountersTest, ACounterNeverTouchedIsZero) {
  EXPECT_EQ(read("nobody"), 0);
}

TEST_F(EmbeddedCountersTest, AStepReservesARange) {
  ASSERT_EQ(increment("a", 10), CallOutcome::done);
  EXPECT_EQ(value(), 10);
  ASSERT_EQ(increment("a", -3), CallOutcome::done);
  EXPECT_EQ(value(), 7);
}

TEST_F(EmbeddedCountersTest, AMaximumIsReachedButNotCrossed) {
  for (int i = 0; i < 10; ++i) ASSERT_EQ(increment("a", 1, 10), CallOutcome::done);
  EXPECT_EQ(increment("a", 1, 10), CallOutcome::max_reached);
  EXPECT_EQ(value(), 10);
  EXPECT_EQ(read("a"), 10);
}

TEST_F(EmbeddedCountersTest, AMaximumDoesNotStopTheWayDown) {
  ASSERT_EQ(set("a", 100), CallOutcome::done);
  EXPECT_EQ(increment("a", -1, 10), CallOutcome::done);
  EXPECT_EQ(increment("a", -1, {}, 99), CallOutcome::min_reached);
  EXPECT_EQ(increment("a", 1, {}, 1000), CallOutcome::done);
}

// A counter that wrapped round would hand out its numbers a second time.
TEST_F(EmbeddedCountersTest, TheEndsOfTheRangeAreLimitsAndNeverWrap) {
  ASSERT_EQ(set("up", highest - 1), CallOutcome::done);
  ASSERT_EQ(increment("up"), CallOutcome::done);
  EXPECT_EQ(increment("up"), CallOutcome::max_reached);
  EXPECT_EQ(increment("up", highest), CallOutcome::max_reached);
  EXPECT_EQ(read("up"), highest);
  ASSERT_EQ(set("down", lowest), CallOutcome::done);
  EXPECT_EQ(increment("down", -1), CallOutcome::min_reached);
  EXPECT_EQ(increment("down", lowest), CallOutcome::min_reached);
  EXPECT_EQ(read("down"), lowest);
}

TEST_F(EmbeddedCountersTest, AnArrayIsAllOrNothingAndSeesItself) {
  call_->begin(CallKind::increment);
  call_->add("a");
  call_->add("a").by = 5;
  call_->add("b");
  ASSERT_EQ(run(), CallOutcome::done);
  EXPECT_EQ(value(0), 1);
  EXPECT_EQ(value(1), 6);
  EXPECT_EQ(value(2), 1);

  call_->begin(CallKind::increment);
  call_->add("a");
  call_->add("b").max = 1;
  ASSERT_EQ(run(), CallOutcome::max_reached);
  EXPECT_EQ(call_->failed_index(), 1U);
  EXPECT_EQ(value(1), 1);
  EXPECT_EQ(read("a"), 6);
}

TEST_F(EmbeddedCountersTest, SetsOnlyIfTheValueIsTheExpectedOne) {
  EXPECT_EQ(set("a", 5, 0), CallOutcome::done);
  EXPECT_EQ(set("a", 9, 4), CallOutcome::value_differs);
  EXPECT_EQ(value(), 5);
  EXPECT_EQ(set("a", 9, 5), CallOutcome::done);
  EXPECT_EQ(read("a"), 9);
}

TEST_F(EmbeddedCountersTest, AnErasedCounterIsOneNeverTouched) {
  ASSERT_EQ(increment("a"), CallOutcome::done);
  ASSERT_EQ(erase("a"), CallOutcome::done);
  ASSERT_EQ(erase("a"), CallOutcome::done);
  EXPECT_EQ(read("a"), 0);
  const auto page = counters_->list("", "", 10);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->counters.empty());
}

TEST_F(EmbeddedCountersTest, AnIdempotentIncrementCountsOnceAlsoAfterAReopen) {
  ASSERT_EQ(increment("a", 3, {}, {}, "k"), CallOutcome::done);
  ASSERT_EQ(increment("a"), CallOutcome::done);
  reopen();
  ASSERT_EQ(increment("a", 3, {}, {}, "k"), CallOutcome::done);
  EXPECT_EQ(value(), 3);
  EXPECT_EQ(read("a"), 4);
}

TEST_F(EmbeddedCountersTest, AnIdempotencyKeyBelongsToOneRequest) {
  ASSERT_EQ(increment("a", 3, {}, {}, "k"), CallOutcome::done);
  EXPECT_EQ(increment("a", 4, {}, {}, "k"), CallOutcome::failed);
  EXPECT_EQ(call_->error().code, ErrorCode::idempotency_mismatch);
  EXPECT_EQ(increment("a", 3, 100, {}, "k"), CallOutcome::failed);
  EXPECT_EQ(increment("b", 3, {}, {}, "k"), CallOutcome::failed);
}

TEST_F(EmbeddedCountersTest, ARefusedIncrementIsRememberedWithItsValue) {
  ASSERT_EQ(set("a", 10), CallOutcome::done);
  ASSERT_EQ(increment("a", 1, 10, {}, "k"), CallOutcome::max_reached);
  ASSERT_EQ(set("a", 0), CallOutcome::done);
  EXPECT_EQ(increment("a", 1, 10, {}, "k"), CallOutcome::max_reached);
  EXPECT_EQ(value(), 10);
}

TEST_F(EmbeddedCountersTest, ListsInOrderByPrefixAndPage) {
  for (const auto* name : {"b", "a2", "a1", "a", "c", "a\xc3\xa4"}) ASSERT_EQ(increment(name), CallOutcome::done);
  const auto names = [&](std::string_view prefix, std::string_view after, std::size_t limit) {
    const auto page = counters_->list(prefix, after, limit);
    EXPECT_TRUE(page);
    std::string joined;
    for (const auto& entry : page->counters) joined += entry.name + " ";
    return joined + (page->next ? "..." : "");
  };
  EXPECT_EQ(names("", "", 10), "a a1 a2 a\xc3\xa4 b c ");
  EXPECT_EQ(names("a", "", 10), "a a1 a2 a\xc3\xa4 ");
  EXPECT_EQ(names("a", "", 2), "a a1 ...");
  EXPECT_EQ(names("a", "a1", 2), "a2 a\xc3\xa4 ");
  EXPECT_EQ(names("", "a", 1), "a1 ...");
  EXPECT_EQ(names("z", "", 10), "");
  EXPECT_EQ(names("a", "zz", 10), "");
}

// A client of the table may have put anything there.
class PutTexts final : public table::Transaction {
 public:
  explicit PutTexts(std::string text) : text_{std::move(text)} {}
  void run(table::Tables& tables, const std::vector<std::string>& names) {
    const auto schema = tables.find("AtomicCounters");
    for (const std::string& name : names)
      add_step(*schema, [&](std::string& out) { table::key_codec::append_row_key(out, *schema, name); });
    tables.submit(*this);
    done_.acquire();
  }

 private:
  Verdict decide(std::size_t, bool, value::Item& item) override {
    item.set("lastValue", value::Value::string(text_));
    return Verdict::put;
  }
  void append_outcome(std::string&) const override {}
  bool read_outcome(std::string_view) override { return true; }
  void finished(const Error*) noexcept override { done_.release(); }

  const std::string text_;
  std::binary_semaphore done_{0};
};

// All pages of a list: the names, and how many pages there were.
std::pair<std::vector<std::string>, std::size_t> walk(EmbeddedCounters& counters, std::size_t limit) {
  std::vector<std::string> names;
  std::size_t pages = 0;
  for (std::optional<std::string> after{""}; after; ++pages) {
    const auto page = counters.list("", *after, limit);
    QUIPU_ASSERT(page.has_value(), "{}", page.error().message);
    for (const auto& entry : page->counters) names.push_back(entry.name);
    after = page->next;
  }
  return {names, pages};
}

// A page went on through all that is no counter until it was full, however long that kept one of the four workers.
TEST_F(EmbeddedCountersTest, APageEndsWhereThereAreManyItemsThatAreNoCounters) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 2 * page_items_max; ++i) texts.push_back(fmt::format("m{:06}", i));
  PutTexts{"text"}.run(t_.tables(), texts);
  for (const auto* name : {"a", "m010000x", "z"}) ASSERT_EQ(increment(name), CallOutcome::done);
  const auto first = counters_->list("", "", 2);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->counters.size(), 1U);
  EXPECT_EQ(first->next, "m009998");
  EXPECT_EQ(walk(*counters_, 2), (std::pair{std::vector<std::string>{"a", "m010000x", "z"}, std::size_t{3}}));
  EXPECT_EQ(walk(*counters_, 1).first, (std::vector<std::string>{"a", "m010000x", "z"}));
}

TEST_F(EmbeddedCountersTest, APageEndsWhereItemsAreLarge) {
  // Names as long as the table takes them.
  std::vector<std::string> texts;
  for (char c = 'b'; c < 'r'; ++c) texts.emplace_back(page_next_bytes_max, c);
  PutTexts{std::string(1_MiB, 'x')}.run(t_.tables(), texts);
  for (const auto* name : {"a", "j", "z"}) ASSERT_EQ(increment(name), CallOutcome::done);
  EXPECT_EQ(walk(*counters_, 10), (std::pair{std::vector<std::string>{"a", "j", "z"}, std::size_t{3}}));
}

TEST_F(EmbeddedCountersTest, AnItemThatIsNoNumberIsNoCounter) {
  PutTexts{"five"}.run(t_.tables(), {"text"});
  EXPECT_EQ(increment("text"), CallOutcome::not_a_counter);
  call_->begin(CallKind::read);
  call_->add("text");
  EXPECT_EQ(run(), CallOutcome::not_a_counter);
  EXPECT_EQ(set("text", 1, 0), CallOutcome::not_a_counter);
  EXPECT_EQ(set("text", 1), CallOutcome::done);
  EXPECT_EQ(increment("text"), CallOutcome::done);
  EXPECT_EQ(value(), 2);
}

}  // namespace
}  // namespace quipu::counter
