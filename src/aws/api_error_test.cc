#include "aws/api_error.h"

#include <gtest/gtest.h>

namespace quipu::aws {
namespace {

std::string body_of(const ApiError& error) {
  std::string body = "what was there before";
  write_body(error, body);
  return body;
}

TEST(ApiError, BodyHasTypeAndMessage) {
  EXPECT_EQ(body_of(validation("The {} is \"bad\"", "table").error()),
            R"({"__type":"com.amazon.coral.validate#ValidationException","message":"The table is \"bad\""})");
  EXPECT_EQ(body_of(item_table_not_found().error()),
            R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",)"
            R"("message":"Requested resource not found"})");
}

TEST(ApiError, SerializationHasItsMessageWithACapitalLetter) {
  EXPECT_EQ(body_of(serialization("Unexpected field type").error()),
            R"({"__type":"com.amazon.coral.service#SerializationException","Message":"Unexpected field type"})");
}

TEST(ApiError, WhatIsQuotedMayBeAnyBytes) {
  EXPECT_EQ(body_of(validation("\xc3\xa4\xff'\xe2\x82").error()),
            "{\"__type\":\"com.amazon.coral.validate#ValidationException\","
            "\"message\":\"\xc3\xa4\xef\xbf\xbd'\xef\xbf\xbd\xef\xbf\xbd\"}");
}

TEST(ApiError, WithoutMessageThereIsNoMember) {
  EXPECT_EQ(body_of(refuse(ErrorType::serialization).error()),
            R"({"__type":"com.amazon.coral.service#SerializationException"})");
}

TEST(ApiError, ExtraMembersStandBeforeTheMessage) {
  EXPECT_EQ(body_of(conditional_check_failed(R"({"a":{"S":"b"}})").error()),
            R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",)"
            R"("Item":{"a":{"S":"b"}},"message":"The conditional request failed"})");
  EXPECT_EQ(body_of(transaction_canceled("None", R"([{"Code":"None"}])").error()),
            R"({"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",)"
            R"("CancellationReasons":[{"Code":"None"}],"Message":"Transaction cancelled, please refer )"
            R"(cancellation reasons for specific reasons [None]"})");
}

TEST(ApiError, ShortNameIsWhatFollowsTheHash) {
  EXPECT_EQ(conditional_check_failed().error().short_name(), "ConditionalCheckFailedException");
  EXPECT_EQ(conditional_check_failed().error().status(), 400);
}

TEST(ApiError, WhatMayBeRetriedIsA5xx) {
  EXPECT_EQ(to_api_error({ErrorCode::unavailable, "busy"}).status(), 503);
  EXPECT_EQ(to_api_error({ErrorCode::outcome_unknown, "?"}).status(), 500);
  EXPECT_EQ(to_api_error({ErrorCode::out_of_space, "full"}).status(), 500);
  EXPECT_EQ(to_api_error({ErrorCode::invalid_argument, "no"}).status(), 400);
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::invalid_argument, "{} is odd", number);
  return number / 2;
}

Answer<int> quarter(int number) {
  QUIPU_API_TRY(const int two, half(number));
  QUIPU_API_CHECK(half(two));
  return two / 2;
}

Answer<int> eighth(int number) {
  QUIPU_TRY(const int four, quarter(number));
  QUIPU_CHECK(quarter(number));
  return four / 2;
}

TEST(ApiError, ErrorsOfThePartsBelowBecomeAnswers) {
  EXPECT_EQ(eighth(8).value(), 1);
  ASSERT_FALSE(eighth(6));
  EXPECT_EQ(eighth(6).error().type, ErrorType::validation);
  EXPECT_EQ(eighth(6).error().message, "3 is odd");
}

}  // namespace
}  // namespace quipu::aws
