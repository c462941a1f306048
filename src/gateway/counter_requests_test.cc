#include "gateway/counter_requests.h"

#include <gtest/gtest.h>

#include "http/request_parser.h"

namespace quipu::gateway {
namespace {

class UnstartedCall final : public counter::CounterCall {
 public:
  bool start(Completion&) override { return true; }
};

// A request as it comes over the wire, kept with its bytes.
class WireRequest {
 public:
  WireRequest(std::string_view method, std::string_view target, std::string_view body = {},
              std::string_view header = {})
      : bytes_{fmt::format("{} {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{}\r\n{}", method, target, body.size(),
                           header, body)} {
    std::size_t size = bytes_.size();
    const auto status = http::RequestParser{}.parse(http::Limits{}, bytes_.data(), size, request_);
    EXPECT_EQ(status, http::RequestParser::Status::complete);
  }
  const http::Request& operator*() const { return request_; }

 private:
  std::string bytes_;
  http::Request request_;
};

std::string refusal_of(std::string_view body) {
  UnstartedCall call;
  call.begin(counter::CallKind::increment);
  const auto read = read_increment_array(body, call);
  return read ? "" : read.error().message;
}

TEST(IncrementRequest, ComesFromTheQuery) {
  UnstartedCall call;
  std::string scratch;
  const WireRequest request{"POST", "/counter/increment?by=5&counter=a%20b&max=100&min=-1"};
  const auto read = read_increment(*request, scratch, call);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->batch);
  EXPECT_EQ(call.name(0), "a b");
  EXPECT_EQ(call.item(0).by, 5);
  EXPECT_EQ(call.item(0).max, 100);
  EXPECT_EQ(call.item(0).min, -1);
}

TEST(IncrementRequest, ComesFromAnArray) {
  UnstartedCall call;
  std::string scratch;
  const WireRequest request{"POST", "/counter/increment",
                            R"([{"counter":"a"},{"by":-2,"counter":"b","max":7,"min":-9}])"};
  const auto read = read_increment(*request, scratch, call);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->batch);
  ASSERT_EQ(call.size(), 2U);
  EXPECT_EQ(call.item(0).by, 1);
  EXPECT_EQ(call.name(1), "b");
  EXPECT_EQ(call.item(1).by, -2);
  EXPECT_EQ(call.item(1).max, 7);
}

TEST(IncrementRequest, WithoutACounterHasItsOwnAnswer) {
  UnstartedCall call;
  std::string scratch;
  for (const auto* target : {"/counter/increment", "/counter/increment?counter=", "/counter/increment?by=1"}) {
    const auto read = read_increment(*WireRequest{"POST", target}, scratch, call);
    ASSERT_TRUE(read) << target;
    EXPECT_EQ(read->named, Named::no) << target;
  }
}

TEST(IncrementRequest, AStepOfZeroIsRefused) {
  UnstartedCall call;
  std::string scratch;
  EXPECT_FALSE(read_increment(*WireRequest{"POST", "/counter/increment?counter=a&by=0"}, scratch, call));
  EXPECT_NE(refusal_of(R"([{"counter":"a","by":0}])"), "");
}

TEST(IncrementArray, ErrorsNameThePlace) {
  EXPECT_EQ(refusal_of("[]"), "the body is an empty array; it needs an increment");
  EXPECT_NE(refusal_of(R"([{"counter":"a","bye":1}])").find("counter, by, max, min"), std::string::npos);
  EXPECT_NE(refusal_of(R"([{"counter":"a","by":1.5}])").find("at byte 21"), std::string::npos);
  for (const auto* wrong :
       {"", "{}", "[1]", R"([{}])", R"([{"counter":""}])", R"([{"counter":5}])", R"([{"counter":"a","counter":"b"}])",
        R"([{"counter":"a"}] x)", R"([{"counter":"a"},])", R"([{"counter":"a","by":null}])"})
    EXPECT_NE(refusal_of(wrong), "") << wrong;
}

TEST(IncrementArray, HasALimit) {
  const auto array = [](std::size_t n) {
    std::string body = "[";
    for (std::size_t i = 0; i < n; ++i) body += (i == 0 ? "" : ",") + std::string{R"({"counter":"a"})"};
    return body + "]";
  };
  EXPECT_EQ(refusal_of(array(counter::increments_max)), "");
  EXPECT_NE(refusal_of(array(counter::increments_max + 1)).find("1000"), std::string::npos);
}

TEST(SetBody, HasAValueAndMaybeAnExpectation) {
  EXPECT_EQ(read_set_body(R"({"value":-5})")->value, -5);
  EXPECT_FALSE(read_set_body(R"({"value":-5})")->expected);
  EXPECT_EQ(read_set_body(R"({"expected":3,"value":4})")->expected, 3);
  for (const auto* wrong : {"", "5", "{}", R"({"expected":1})", R"({"value":"5"})", R"({"value":1,"value":2})",
                            R"({"value":1,"x":2})", R"({"value":9223372036854775808})"})
    EXPECT_FALSE(read_set_body(wrong)) << wrong;
}

TEST(ListRequest, HasBoundsOnItsLimit) {
  EXPECT_EQ(read_list(*WireRequest{"GET", "/counters"})->limit, 100U);
  EXPECT_EQ(read_list(*WireRequest{"GET", "/counters?limit=1000&prefix=a&after=ab"})->after, "ab");
  EXPECT_FALSE(read_list(*WireRequest{"GET", "/counters?limit=0"}));
  EXPECT_FALSE(read_list(*WireRequest{"GET", "/counters?limit=1001"}));
}

// The table of the counters takes longer names than their API, and a page may end at one of them.
TEST(ListRequest, GoesOnAfterAnyNameThatThePageBeforeMayHaveEndedWith) {
  const std::string name(2048, 'n');
  EXPECT_EQ(read_list(*WireRequest{"GET", "/counters?after=" + name})->after, name);
  EXPECT_FALSE(read_list(*WireRequest{"GET", "/counters?after=n" + name}));
  EXPECT_FALSE(read_list(*WireRequest{"GET", "/counters?prefix=" + name}));
}

TEST(IdempotencyKey, IsOneHeaderOfBoundedLength) {
  const auto key_of = [](std::string_view headers) {
    const WireRequest request{"POST", "/", "", headers};
    const auto key = read_idempotency_key(*request);
    return !key ? std::string{"refused"} : *key ? std::string{**key} : std::string{"none"};
  };
  EXPECT_EQ(key_of(""), "none");
  EXPECT_EQ(key_of("idempotency-KEY: abc\r\n"), "abc");
  EXPECT_EQ(key_of("Idempotency-Key: a\r\nIdempotency-Key: a\r\n"), "refused");
  EXPECT_EQ(key_of("Idempotency-Key:\r\n"), "refused");
  EXPECT_EQ(key_of(fmt::format("Idempotency-Key: {}\r\n", std::string(256, 'k'))), "refused");
  EXPECT_EQ(key_of(fmt::format("Idempotency-Key: {}\r\n", std::string(255, 'k'))), std::string(255, 'k'));
}

}  // namespace
}  // namespace quipu::gateway
