#include "aws/wire.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <set>
#include <string>

#include "http/request_parser.h"

namespace quipu::aws::wire {
namespace {

struct Received {
  Received(std::string head, std::string_view body)
      : bytes{head + fmt::format("Host: a\r\nContent-Length: {}\r\n\r\n{}", body.size(), body)} {
    http::RequestParser parser;
    std::size_t size = bytes.size();
    const http::Limits limits{.body_bytes_max = 32_MiB};
    EXPECT_EQ(parser.parse(limits, bytes.data(), size, request), http::RequestParser::Status::complete);
  }
  std::string bytes;
  http::Request request;
};

Received post(std::string_view headers, std::string_view body = "{}") {
  return {fmt::format("POST / HTTP/1.1\r\n{}", headers), body};
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Wire, KindsOfRequestsAreToldApart) {
  const auto entry = [](std::string head, std::string_view body) { return entry_of(Received{head, body}.request); };
  EXPECT_EQ(entry("POST / HTTP/1.1\r\nContent-Type: application/x-amz-json-1.0\r\n", "{}"), Entry::operation);
  EXPECT_EQ(entry("POST / HTTP/1.1\r\nContent-Type: application/json; charset=utf-8\r\n", "{}"), Entry::operation);
  EXPECT_EQ(entry("POST / HTTP/1.1\r\n", ""), Entry::operation);
  EXPECT_EQ(entry("POST / HTTP/1.1\r\n", "hi"), Entry::unknown);
  EXPECT_EQ(entry("POST / HTTP/1.1\r\nContent-Type: whatever\r\n", "hi"), Entry::unknown);
  EXPECT_EQ(entry("PUT / HTTP/1.1\r\n", ""), Entry::unknown);
  EXPECT_EQ(entry("DELETE / HTTP/1.1\r\n", ""), Entry::unknown);
  EXPECT_EQ(entry("GET / HTTP/1.1\r\n", ""), Entry::health);
  EXPECT_EQ(entry("OPTIONS / HTTP/1.1\r\n", ""), Entry::unknown);
  EXPECT_EQ(entry("OPTIONS / HTTP/1.1\r\nOrigin: x\r\n", ""), Entry::preflight);
}

TEST(Wire, TargetNamesApiAndOperation) {
  const Received put = post("X-Amz-Target: DynamoDB_20120810.PutItem\r\n");
  const auto target = read_target(put.request);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->api, Api::dynamodb);
  EXPECT_EQ(target->operation, "PutItem");
  const Received records = post("x-amz-target: DynamoDBStreams_20120810.GetRecords\r\n");
  EXPECT_EQ(read_target(records.request)->api, Api::streams);
  EXPECT_EQ(read_target(records.request)->operation, "GetRecords");
  for (const char* bad : {"", "X-Amz-Target: whatever\r\n", "X-Amz-Target: DynamoDB_20111205.PutItem\r\n",
                          "X-Amz-Target: dynamodb_20120810.PutItem\r\n"}) {
    const auto refused = read_target(post(bad).request);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().type, ErrorType::unknown_operation);
    EXPECT_EQ(refused.error().status(), 400);
  }
}

// The numbers are those of the service's own answers.
TEST(Wire, ChecksumsAreTheServices) {
  std::string body;
  write_body(refuse(ErrorType::serialization).error(), body);
  EXPECT_EQ(crc32(body), 3948637019U);
  write_body(refuse(ErrorType::unknown_operation).error(), body);
  EXPECT_EQ(crc32(body), 1368724161U);
  write_body(refuse(ErrorType::missing_authentication_token, "Request is missing Authentication Token").error(), body);
  EXPECT_EQ(crc32(body), 2088342776U);
  EXPECT_EQ(crc32(health_body("us-east-1")), 3128867991U);
  EXPECT_EQ(crc32(unknown_body), 3552371480U);
}

TEST(Wire, ReplyHasIdAndChecksum) {
  RequestIds ids;
  const ReplyHeaders reply{{.content_type = "application/json", .has_origin = true}, "{}", ids};
  ASSERT_EQ(reply.list().size(), 3U);
  EXPECT_EQ(reply.list()[0].name, "x-amzn-RequestId");
  EXPECT_EQ(reply.list()[0].value.size(), 52U);
  EXPECT_EQ(reply.list()[0].value.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUV"), std::string_view::npos);
  EXPECT_EQ(reply.list()[1].name, "x-amz-crc32");
  EXPECT_EQ(reply.list()[1].value, "2745614147");
  EXPECT_EQ(reply.list()[2].name, "Access-Control-Allow-Origin");
  EXPECT_EQ(ReplyHeaders({}, "", ids).list().size(), 2U);
}

TEST(Wire, NoIdComesTwice) {
  RequestIds ids;
  RequestIds others;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.emplace(ReplyHeaders({}, "", ids).request_id());
    seen.emplace(ReplyHeaders({}, "", others).request_id());
  }
  EXPECT_EQ(seen.size(), 2000U);
}

TEST(Wire, AnswerHasTheContentTypeOfTheRequest) {
  EXPECT_EQ(reply_style(post("Content-Type: application/x-amz-json-1.0\r\n").request).content_type,
            "application/x-amz-json-1.0");
  EXPECT_EQ(reply_style(post("Content-Type: application/json\r\n").request).content_type, "application/json");
  EXPECT_EQ(reply_style(post("").request).content_type, "application/json");
  EXPECT_FALSE(reply_style(post("").request).has_origin);
  EXPECT_TRUE(reply_style(post("Origin: https://a\r\n").request).has_origin);
}

TEST(Wire, PreflightEchoesWhatIsAskedFor) {
  const Received asked{
      "OPTIONS / HTTP/1.1\r\nOrigin: x\r\nAccess-Control-Request-Headers: a, b, c\r\nAccess-Control-Request-Method: "
      "d\r\n",
      ""};
  RequestIds ids;
  const PreflightHeaders headers{asked.request, ids};
  ASSERT_EQ(headers.list().size(), 5U);
  EXPECT_EQ(headers.list()[1].value, "*");
  EXPECT_EQ(headers.list()[2].name, "Access-Control-Allow-Headers");
  EXPECT_EQ(headers.list()[2].value, "a, b, c");
  EXPECT_EQ(headers.list()[3].value, "d");
  EXPECT_EQ(headers.list()[4].value, "172800");
}

TEST(Wire, GzipBodiesAreInflated) {
  std::string inflated;
  EXPECT_EQ(read_body(post("").request, inflated).value(), "{}");
  EXPECT_EQ(read_body(post("Content-Encoding: identity\r\n").request, inflated).value(), "{}");
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 16_KiB, 16_KiB + 1, 1_MiB, body_bytes_max}) {
    const std::string text(size, 'x');
    const Received received = post("Content-Encoding: gzip\r\n", gzip(text));
    const auto body = read_body(received.request, inflated);
    ASSERT_TRUE(body) << size;
    EXPECT_EQ(*body, text);
  }
}

TEST(Wire, WhatIsNoGoodGzipIsRefused) {
  std::string inflated;
  const auto refused = [&](std::string_view headers, std::string_view body) {
    const Received received = post(headers, body);
    const auto read = read_body(received.request, inflated);
    return read ? ErrorType::validation : read.error().type;
  };
  const std::string_view encoded = "Content-Encoding: gzip\r\n";
  const std::string good = gzip("{\"TableName\":\"abc\"}");
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(refused(encoded, std::string_view{good}.substr(0, size)), ErrorType::serialization) << size;
  EXPECT_EQ(refused(encoded, good + "x"), ErrorType::serialization);
  EXPECT_EQ(refused(encoded, "{}"), ErrorType::serialization);
  EXPECT_EQ(refused("", ""), ErrorType::serialization);
  EXPECT_EQ(refused("Content-Encoding: br\r\n", "{}"), ErrorType::serialization);
}

// A few kilobytes can inflate to any size.
TEST(Wire, InflatedBodyHasALimit) {
  std::string inflated;
  const Received received = post("Content-Encoding: gzip\r\n", gzip(std::string(body_bytes_max + 1, 'x')));
  const auto read = read_body(received.request, inflated);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().type, ErrorType::request_too_large);
  EXPECT_EQ(read.error().status(), 413);
  EXPECT_LE(inflated.capacity(), 2 * body_bytes_max + 64);
}

}  // namespace
}  // namespace quipu::aws::wire
