#include "aws/sigv4.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "aws/signing_time.h"
#include "base/bytes.h"
#include "http/request_parser.h"

namespace quipu::aws {
namespace {

constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view signed_at = "20150830T123600Z";

class Keys : public CredentialSource {
 public:
  std::optional<Credential> find(std::string_view access_key_id) const override {
    const auto found = by_id.find(std::string{access_key_id});
    if (found == by_id.end()) return std::nullopt;
    return found->second;
  }
  std::map<std::string, Credential> by_id{{"AKIDEXAMPLE", {.secret = std::string{secret}, .session_token = {}}}};
};

// A request as it comes from the wire. Keeps the bytes that the request looks into.
struct Received {
  explicit Received(std::string text) : bytes{std::move(text)} {
    http::RequestParser parser;
    std::size_t size = bytes.size();
    EXPECT_EQ(parser.parse(http::Limits{}, bytes.data(), size, request), http::RequestParser::Status::complete)
        << bytes;
  }
  std::string bytes;
  http::Request request;
};

std::string with_body(std::string head, std::string_view body) {
  return head + fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
}

class Sigv4 : public testing::Test {
 protected:
  Answer<Signer> verify(const std::string& text, std::string_view service, std::string_view now = signed_at) {
    received_.emplace(text);
    const SignatureVerifier verifier{keys_, service};
    return verifier.verify(received_->request, parse_basic_time(now).value() * 1000, scratch_);
  }
  // The error's message, or nothing.
  std::string said(const std::string& text, std::string_view now = signed_at) {
    const auto signer = verify(text, "dynamodb", now);
    return signer ? "" : std::string{signer.error().short_name()} + ": " + signer.error().message;
  }

  static std::string head(std::string_view authorization, std::string_view more = "") {
    return fmt::format(
        "POST / HTTP/1.1\r\nHost: localhost:7070\r\nContent-Type: application/x-amz-json-1.0\r\n"
        "X-Amz-Target: DynamoDB_20120810.DescribeTable\r\nX-Amz-Date: {}\r\n{}Authorization: {}\r\n",
        signed_at, more, authorization);
  }
  static constexpr std::string_view body = R"({"TableName":"orders"})";
  static constexpr std::string_view good =
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-2/dynamodb/aws4_request, "
      "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
      "Signature=13f05bd0ec35a5c789b3849c5b985a77e2c0d5e754ff60dd6c2b1d8b5ea54047";
  static std::string signed_request() { return with_body(head(good), body); }
  static std::string changed(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }
  static constexpr std::string_view mismatch =
      "InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check "
      "your AWS Secret Access Key and signing method. Consult the service documentation for details.";

  Keys keys_;
  SignatureScratch scratch_;
  std::optional<Received> received_;
};

// The vectors that AWS publishes with the specification; each signature is that of the suite.
TEST_F(Sigv4, PublishedVectorsAreRight) {
  struct Vector {
    std::string_view request_line;
    std::string_view headers;
    std::string_view signed_headers;
    std::string_view body;
    std::string_view signature;
  };
  const Vector vectors[] = {
      {"GET /", "", "host;x-amz-date", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"GET /?Param2=value2&Param1=value1", "", "host;x-amz-date", "",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"POST /", "", "host;x-amz-date", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"POST /", "Content-Type: application/x-www-form-urlencoded\r\n", "content-type;host;x-amz-date", "Param1=value1",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
      {"GET /", "My-Header1:  value1\r\nMy-Header2: \"a   b   c\"\r\n", "host;my-header1;my-header2;x-amz-date", "",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      // Paths that mean the same are signed as one.
      {"GET /example/..", "", "host;x-amz-date", "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"GET //./", "", "host;x-amz-date", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
  };
  for (const Vector& vector : vectors) {
    const std::string text = with_body(
        fmt::format("{} HTTP/1.1\r\nHost:example.amazonaws.com\r\nX-Amz-Date:{}\r\n{}"
                    "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                    "SignedHeaders={}, Signature={}\r\n",
                    vector.request_line, signed_at, vector.headers, vector.signed_headers, vector.signature),
        vector.body);
    const auto signer = verify(text, "service");
    EXPECT_TRUE(signer) << vector.request_line << vector.headers;
    EXPECT_EQ(signer ? signer->access_key_id : "", "AKIDEXAMPLE");
  }
}

TEST_F(Sigv4, RequestsOfAnSdkPass) {
  const auto signer = verify(signed_request(), "dynamodb");
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->access_key_id, "AKIDEXAMPLE");
  EXPECT_EQ(signer->region, "eu-west-2");
  // The key that was kept gives the same.
  const SignatureVerifier verifier{keys_};
  const std::int64_t now = parse_basic_time(signed_at).value() * 1000;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(verifier.verify(received_->request, now, scratch_));
  keys_.by_id["AKIDEXAMPLE"].secret = "another one now";
  EXPECT_FALSE(verifier.verify(received_->request, now, scratch_));
  keys_.by_id.clear();
  EXPECT_FALSE(verifier.verify(received_->request, now, scratch_));
}

TEST_F(Sigv4, PathIsEncodedOnceMore) {
  EXPECT_EQ(said(with_body(fmt::format("GET /a%20b/c HTTP/1.1\r\nHost: localhost:7070\r\nX-Amz-Date: {}\r\n"
                                       "Authorization: AWS4-HMAC-SHA256 "
                                       "Credential=AKIDEXAMPLE/20150830/eu-west-2/dynamodb/aws4_request, "
                                       "SignedHeaders=host;x-amz-date, Signature="
                                       "a78daadc4292e3c3d312479995d8c6b3afcd5a59ee9aaacb24be961983ed65fc\r\n",
                                       signed_at),
                           "")),
            "");
}

TEST_F(Sigv4, DateServesInsteadOfXAmzDate) {
  EXPECT_EQ(said(with_body("GET / HTTP/1.1\r\nHost: localhost:7070\r\nDate: Sun, 30 Aug 2015 12:36:00 GMT\r\n"
                           "Authorization: AWS4-HMAC-SHA256 "
                           "Credential=AKIDEXAMPLE/20150830/eu-west-2/dynamodb/aws4_request,SignedHeaders=date;host,"
                           "Signature=90fb519fa2495511a243549963842d54cf9f607096877c57527c79f59f492096\r\n",
                           "")),
            "");
}

TEST_F(Sigv4, SessionTokenMustBeTheCredentials) {
  const std::string text =
      with_body(head("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-2/dynamodb/aws4_request, "
                     "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
                     "Signature=40b8a89ca2e48bacb0b4f315327b32a8ca9dc4cf0624ea2325c734025147f9e9",
                     "X-Amz-Security-Token: TOKEN/abc+1=\r\n"),
                body);
  const std::string unknown = "UnrecognizedClientException: The security token included in the request is invalid.";
  EXPECT_EQ(said(text), unknown);
  keys_.by_id["AKIDEXAMPLE"].session_token = "TOKEN/abc+1=";
  EXPECT_EQ(said(text), "");
  EXPECT_EQ(said(signed_request()), unknown);
  EXPECT_EQ(said(changed(text, "x-amz-security-token;", "")),
            "InvalidSignatureException: 'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization.");
}

TEST_F(Sigv4, SignatureMayBeInTheQuery) {
  const std::string_view query =
      "TableName=orders&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Feu-west-2%2Fdynamodb"
      "%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=content-type%3Bhost%3B"
      "x-amz-target&X-Amz-Signature=ea1a4970af93b6ef5c34950aeb7523e7457bd84442e4ac1c72c14c494fafff4f";
  const auto request = [](std::string_view of_query, std::string_view more = "") {
    return with_body(
        fmt::format("POST /?{} HTTP/1.1\r\nHost: localhost:7070\r\nContent-Type: application/x-amz-json-1.0"
                    "\r\nX-Amz-Target: DynamoDB_20120810.DescribeTable\r\n{}",
                    of_query, more),
        "");
  };
  const auto signer = verify(request(query), "dynamodb");
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->access_key_id, "AKIDEXAMPLE");
  EXPECT_EQ(said(request(query), "20150830T133600Z"), "");
  EXPECT_EQ(said(request(query), "20150830T133601Z"),
            "InvalidSignatureException: Signature expired: 20150830T133600Z is now earlier than 20150830T133601Z");
  EXPECT_EQ(said(request(changed(std::string{query}, "Expires=3600", "Expires=3601"))), mismatch);
  EXPECT_EQ(said(request(changed(std::string{query}, "Expires=3600", "Expires=604801"))),
            "IncompleteSignatureException: X-Amz-Expires must be between 1 and 604800 seconds");
  EXPECT_EQ(said(request("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z")),
            "IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-Credential'. "
            "AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include "
            "'X-Amz-SignedHeaders'. Re-examine the query-string parameters.");
  EXPECT_EQ(said(request(query, fmt::format("Authorization: {}\r\n", good))),
            "InvalidSignatureException: Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as "
            "HTTP header.");
}

TEST_F(Sigv4, WhatWasSignedCannotBeChanged) {
  EXPECT_EQ(said(signed_request()), "");
  EXPECT_EQ(said(changed(signed_request(), "orders", "others")), mismatch);
  EXPECT_EQ(said(changed(signed_request(), "DescribeTable", "DeleteTable")), mismatch);
  EXPECT_EQ(said(changed(signed_request(), "POST / ", "POST /x ")), mismatch);
  EXPECT_EQ(said(changed(signed_request(), "POST / ", "POST /?a=b ")), mismatch);
  EXPECT_EQ(said(changed(signed_request(), "POST / ", "PUT / ")), mismatch);
  EXPECT_EQ(said(changed(signed_request(), "localhost", "elsewhere")), mismatch);
  EXPECT_EQ(said(changed(signed_request(), "/eu-west-2/", "/eu-west-1/")), mismatch);
  EXPECT_EQ(said(changed(signed_request(), "Signature=13", "Signature=14")), mismatch);
  EXPECT_EQ(said(changed(signed_request(), "content-type;host;", "host;")), mismatch);
  EXPECT_EQ(said(changed(signed_request(), "X-Amz-Date: 20150830T123600Z", "X-Amz-Date: 20150830T123601Z")), mismatch);
}

TEST_F(Sigv4, BodyIsAlwaysSigned) {
  const std::string wrong =
      "InvalidSignatureException: The provided 'x-amz-content-sha256' header does not match what was computed.";
  EXPECT_EQ(said(with_body(head(good, "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n"), body)), wrong);
  EXPECT_EQ(said(with_body(head(good, "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n"), body)), wrong);
  const std::string hash = to_hex(bytes_of(sha256(body)));
  EXPECT_EQ(said(with_body(head(good, fmt::format("X-Amz-Content-Sha256: {}\r\n", hash)), body)), "");
}

TEST_F(Sigv4, TargetAndHostMustBeSigned) {
  EXPECT_EQ(said(changed(signed_request(), "host;", "")),
            "InvalidSignatureException: 'Host' must be a 'SignedHeader' in the AWS Authorization.");
  EXPECT_EQ(said(changed(signed_request(), ";x-amz-target", "")),
            "InvalidSignatureException: 'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
}

TEST_F(Sigv4, FiveMinutesOfSkewAreAllowed) {
  EXPECT_EQ(said(signed_request(), "20150830T124100Z"), "");
  EXPECT_EQ(said(signed_request(), "20150830T123100Z"), "");
  EXPECT_EQ(said(signed_request(), "20150830T124101Z"),
            "InvalidSignatureException: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
            "(20150830T124101Z - 5 min.)");
  EXPECT_EQ(said(signed_request(), "20150830T123059Z"),
            "InvalidSignatureException: Signature not yet current: 20150830T123600Z is still later than "
            "20150830T123559Z (20150830T123059Z + 5 min.)");
}

TEST_F(Sigv4, ErrorsAreTheServices) {
  const auto with = [](std::string_view authorization) { return with_body(head(authorization), body); };
  const std::string missing = "MissingAuthenticationTokenException: Request is missing Authentication Token";
  EXPECT_EQ(said(with_body("POST / HTTP/1.1\r\nHost: a\r\n", "")), missing);
  EXPECT_EQ(said(with("AWS4")), missing);
  EXPECT_EQ(said(with("Bearer x")), missing);
  EXPECT_EQ(said(with_body("POST / HTTP/1.1\r\nHost: a\r\nAuthorization: AWS4-\r\n", "")),
            "IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header "
            "requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization "
            "header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-");
  EXPECT_EQ(said(with("AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders")),
            "IncompleteSignatureException: 'Credential' not a valid key=value pair (missing equal-sign) in "
            "Authorization header: 'AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders'.");
  EXPECT_EQ(said(changed(signed_request(), "X-Amz-Date: 20150830T123600Z", "X-Amz-Date: 201")),
            "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '201'. "
            "See http://en.wikipedia.org/wiki/ISO_8601");
  EXPECT_EQ(said(changed(signed_request(), "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA25")),
            "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for "
            "now). ");
  EXPECT_EQ(said(changed(signed_request(), "AKIDEXAMPLE/20150830/eu-west-2/dynamodb/aws4_request", "a/b/c/d")),
            "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'a/b/c/d'");
  EXPECT_EQ(said(changed(signed_request(), "AKIDEXAMPLE/20150830/eu-west-2/dynamodb/aws4_request", "a/b/c/d/e")),
            "InvalidSignatureException: Credential should be scoped to correct service: 'dynamodb'. Credential should "
            "be scoped with a valid terminator: 'aws4_request', not 'e'. Date in Credential scope does not match "
            "YYYYMMDD from ISO-8601 version of date from HTTP: 'b' != '20150830', from '20150830T123600Z'.");
  EXPECT_EQ(said(changed(signed_request(), "AKIDEXAMPLE", "AKIDUNKNOWN")),
            "UnrecognizedClientException: The security token included in the request is invalid.");
  EXPECT_EQ(said(changed(signed_request(), "POST / ", "POST /?X-Amz-Algorithm=%zz ")),
            "InvalidSignatureException: The query string is malformed.");
}

TEST(SigningTime, BothFormsAreRead) {
  EXPECT_EQ(parse_basic_time("20150830T123600Z"), 1440938160);
  EXPECT_EQ(parse_http_time("Sun, 30 Aug 2015 12:36:00 GMT"), 1440938160);
  EXPECT_EQ(parse_basic_time("19700101T000000Z"), 0);
  EXPECT_EQ(format_basic_time(1440938160), "20150830T123600Z");
  for (const char* bad : {"", "20150830T123600", "20150230T123600Z", "20151330T000000Z", "20150830T243600Z",
                          "20150830 123600Z", "2015083OT123600Z", "+2015830T123600Z"})
    EXPECT_FALSE(parse_basic_time(bad)) << bad;
  for (const char* bad : {"", "Sun, 30 Agu 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 UTC",
                          "Sun, 30-Aug-2015 12:36:00 GMT", "Sun, 31 Sep 2015 12:36:00 GMT"})
    EXPECT_FALSE(parse_http_time(bad)) << bad;
}

TEST(Hmac, IsAsInRfc4231) {
  Hasher hasher;
  const auto hex = [](const Sha256& digest) { return to_hex(bytes_of(digest)); };
  EXPECT_EQ(hex(HmacKey(hasher, "Jefe").sign(hasher, "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(HmacKey(hasher, std::string(131, '\xaa'))
                    .sign(hasher, "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace quipu::aws
