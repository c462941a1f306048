// What goes to Redis for each call, and what its replies mean. What the script itself does is tested on a real Redis
// (test/stores/test_redis.py).
#include "remote/redis_script.h"

#include <gtest/gtest.h>

#include <semaphore>

#include "remote/remote_counters.h"

namespace quipu::remote {
namespace {

using counter::CallKind;
using counter::CallOutcome;
using namespace std::chrono_literals;

struct Exchange {
  RedisForm form = RedisForm::shortest;
  std::string reply;
  std::string sent;
  RedisVerdict verdict = RedisVerdict::nonsense;
};

// A link whose other end says one thing.
class OneReply final : public Link {
 public:
  explicit OneReply(Exchange& exchange) : exchange_{exchange} {}
  Result<> connect() override { return {}; }
  Result<> ping() override { return {}; }
  Result<> run(std::span<RemoteCall* const> calls) override {
    for (RemoteCall* call : calls) {
      append_redis_call(exchange_.sent, *call, exchange_.form);
      resp::Reply reply;
      EXPECT_EQ(resp::parse_reply(exchange_.reply, reply).value_or(0), exchange_.reply.size());
      exchange_.verdict = take_redis_reply(*call, exchange_.form, reply);
      EXPECT_EQ(call->answered(), exchange_.verdict == RedisVerdict::answered);
      if (!call->answered()) call->failed({ErrorCode::unavailable, "not answered"});
    }
    return {};
  }

 private:
  Exchange& exchange_;
};

class OneReplyRemote final : public Remote {
 public:
  explicit OneReplyRemote(Exchange& exchange) : exchange_{exchange} {}
  std::string_view name() const override { return "redis"; }
  std::string address() const override { return "nowhere"; }
  unsigned links() const override { return 1; }
  std::unique_ptr<Link> make_link() const override { return std::make_unique<OneReply>(exchange_); }
  Result<StoreReport> prepare() const override { return StoreReport{}; }

 private:
  Exchange& exchange_;
};

class Waiting final : public counter::CounterCall::Completion {
 public:
  void completed(counter::CounterCall&) noexcept override { done_.release(); }
  void wait() { ASSERT_TRUE(done_.try_acquire_for(20s)); }

 private:
  std::counting_semaphore<> done_{0};
};

class RedisScriptTest : public ::testing::Test {
 protected:
  counter::CounterCall& call(CallKind kind) {
    call_->begin(kind);
    item_ = &call_->add("orders");
    return *call_;
  }

  void answer_with(std::string reply, RedisForm form = RedisForm::shortest) {
    exchange_ = {.form = form, .reply = std::move(reply)};
    Waiting waiting;
    ASSERT_FALSE(call_->start(waiting));
    counters_.flush();
    waiting.wait();
  }

  void expect_failed(ErrorCode code) {
    ASSERT_EQ(call_->outcome(), CallOutcome::failed);
    EXPECT_EQ(call_->error().code, code);
  }

  Exchange exchange_;
  RemoteCounters counters_{std::make_unique<OneReplyRemote>(exchange_)};
  std::unique_ptr<counter::CounterCall> call_ = counters_.new_call();
  counter::CounterCall::Item* item_ = nullptr;
};

TEST_F(RedisScriptTest, ABareIncrementIsIncrby) {
  call(CallKind::increment);
  item_->by = 5;
  answer_with(":12\r\n");
  EXPECT_EQ(exchange_.sent, "*3\r\n$6\r\nINCRBY\r\n$6\r\norders\r\n$1\r\n5\r\n");
  EXPECT_EQ(call_->outcome(), CallOutcome::done);
  EXPECT_EQ(call_->item(0).value, 12);
}

TEST_F(RedisScriptTest, AReadTakesNoMoreThanANumbersLength) {
  call(CallKind::read);
  answer_with("$2\r\n-3\r\n");
  EXPECT_NE(exchange_.sent.find("GETRANGE"), std::string::npos);
  EXPECT_EQ(call_->item(0).value, -3);
  call(CallKind::read);
  answer_with("$0\r\n\r\n");
  EXPECT_EQ(call_->item(0).value, 0);
  call(CallKind::read);
  answer_with("$21\r\n922337203685477580700\r\n");
  EXPECT_EQ(call_->outcome(), CallOutcome::not_a_counter);
  call(CallKind::read);
  answer_with("-WRONGTYPE Operation against a key\r\n");
  EXPECT_EQ(call_->outcome(), CallOutcome::not_a_counter);
}

TEST_F(RedisScriptTest, ALimitAndAMarkerNeedTheScript) {
  call(CallKind::increment);
  item_->max = 10;
  answer_with("$4\r\n1:10\r\n");
  EXPECT_NE(exchange_.sent.find("EVALSHA\r\n$40\r\n" + std::string{redis_script_hash()}), std::string::npos);
  EXPECT_EQ(call_->outcome(), CallOutcome::max_reached);
  EXPECT_EQ(call_->item(0).value, 10);
  call(CallKind::increment).make_idempotent("key");
  answer_with("$3\r\n0:7\r\n");
  EXPECT_NE(exchange_.sent.find("quipu:request:{orders}:"), std::string::npos);
  EXPECT_NE(exchange_.sent.find("86400"), std::string::npos);
  EXPECT_EQ(call_->item(0).value, 7);
  answer_with("$5\r\nother\r\n");
  expect_failed(ErrorCode::idempotency_mismatch);
}

TEST_F(RedisScriptTest, AScriptThatIsNotKnownIsSentWhole) {
  call(CallKind::erase);
  answer_with("-NOSCRIPT No matching script. Please use EVAL.\r\n");
  EXPECT_EQ(exchange_.verdict, RedisVerdict::no_script);
  call(CallKind::erase);
  answer_with("$3\r\n0:0\r\n", RedisForm::whole_script);
  EXPECT_NE(exchange_.sent.find(redis_script()), std::string::npos);
  EXPECT_EQ(call_->outcome(), CallOutcome::done);
}

TEST_F(RedisScriptTest, OverflowIsAskedForOnceMoreByTheScript) {
  call(CallKind::increment);
  answer_with("-ERR increment or decrement would overflow\r\n");
  EXPECT_EQ(exchange_.verdict, RedisVerdict::overflow);
  call(CallKind::increment);
  answer_with("$21\r\n1:9223372036854775807\r\n", RedisForm::script);
  EXPECT_EQ(call_->outcome(), CallOutcome::max_reached);
}

TEST_F(RedisScriptTest, RefusalsBeforeAnythingHappenedAreNotDone) {
  for (const auto* code : {"LOADING", "READONLY", "MASTERDOWN", "OOM", "MISCONF", "CLUSTERDOWN", "NOAUTH", "BUSY",
                           "NOREPLICAS", "NOPERM"}) {
    call(CallKind::increment);
    answer_with(fmt::format("-{} and why\r\n", code));
    EXPECT_EQ(exchange_.verdict, RedisVerdict::not_done) << code;
  }
  call(CallKind::increment);
  answer_with("-MOVED 1 a:2\r\n");
  EXPECT_EQ(exchange_.verdict, RedisVerdict::moved);
  call(CallKind::increment);
  answer_with("-TRYAGAIN later\r\n");
  EXPECT_EQ(exchange_.verdict, RedisVerdict::try_again);
}

TEST_F(RedisScriptTest, AnErrorThatIsNotKnownLeavesTheOutcomeOpen) {
  call(CallKind::increment);
  answer_with("-ERR something new\r\n");
  expect_failed(ErrorCode::outcome_unknown);
  call(CallKind::increment);
  answer_with("-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(call_->outcome(), CallOutcome::not_a_counter);
}

TEST_F(RedisScriptTest, AReplyOfTheWrongKindIsNonsense) {
  for (const auto* reply : {"+OK\r\n", "$1\r\n1\r\n", "*0\r\n", "$-1\r\n"}) {
    call(CallKind::increment);
    answer_with(reply);
    EXPECT_EQ(exchange_.verdict, RedisVerdict::nonsense) << reply;
  }
  call(CallKind::read);
  answer_with(":1\r\n");
  EXPECT_EQ(exchange_.verdict, RedisVerdict::nonsense);
}

}  // namespace
}  // namespace quipu::remote
