#include "http/request_parser.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quipu::http {
namespace {

constexpr Limits small_limits{.header_bytes_max = 1'000, .target_bytes_max = 200, .body_bytes_max = 100};
constexpr std::size_t all_at_once = 1'000'000;
constexpr std::size_t fragment_sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, all_at_once};

// What the parser makes of the whole input, pipelined requests too, as text that can be compared.
std::string outcome_in_fragments(const std::string& input, std::size_t fragment_bytes,
                                 const Limits& limits = small_limits) {
  std::string outcome;
  std::string buffer;
  RequestParser parser;
  Request request;
  for (std::size_t at = 0; at < input.size();) {
    const std::size_t piece = std::min(fragment_bytes, input.size() - at);
    // A new place in memory each time, so that a view that was kept is found by the address sanitizer.
    std::string grown = buffer + input.substr(at, piece);
    grown.shrink_to_fit();
    buffer.swap(grown);
    at += piece;
    for (;;) {
      std::size_t size = buffer.size();
      const auto status = parser.parse(limits, buffer.data(), size, request);
      if (status == RequestParser::Status::refused) {
        return outcome + fmt::format("refused {}", refusal_body(parser.refusal(), limits));
      }
      if (status == RequestParser::Status::incomplete) {
        buffer.resize(size);
        break;
      }
      outcome += fmt::format("{}|{}|{}|", to_string(request.method()), request.path(), request.query());
      for (const Header& header : request.headers()) outcome += fmt::format("{}={};", header.name, header.value);
      outcome += fmt::format("|{}|{}{}\n", request.body(), request.keep_alive() ? "keep" : "close",
                             request.is_http_1_0() ? " 1.0" : "");
      buffer.erase(0, parser.consumed());
      parser = RequestParser{};
      if (buffer.empty()) break;
    }
  }
  return outcome + (buffer.empty() ? "" : "incomplete");
}

std::string outcome_of(const std::string& input, const Limits& limits = small_limits) {
  return outcome_in_fragments(input, all_at_once, limits);
}

struct Case {
  std::string input;
  std::string outcome;  // or how it begins, for refusals: the error code
};

void expect_the_same_in_fragments(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    for (const std::size_t fragment_bytes : fragment_sizes) {
      EXPECT_EQ(outcome_in_fragments(one.input, fragment_bytes), one.outcome)
          << one.input << "\nin fragments of " << fragment_bytes;
    }
  }
}

void expect_refused_in_fragments(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const std::string whole = outcome_of(one.input);
    EXPECT_TRUE(whole.starts_with("refused {\"error_code\":\"" + one.outcome + "\"")) << one.input << "\n" << whole;
    for (const std::size_t fragment_bytes : fragment_sizes) {
      EXPECT_EQ(outcome_in_fragments(one.input, fragment_bytes), whole)
          << one.input << "\nin fragments of " << fragment_bytes;
    }
  }
}

std::string with_header(const std::string& header) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + header + "\r\n\r\n";
}

std::string chunked(const std::string& body) {
  return "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}

TEST(RequestParser, WholeRequestsAreTheSameInFragments) {
  const std::string te = "Host=h;Transfer-Encoding=chunked;";
  expect_the_same_in_fragments({
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET|/||Host=h;||keep\n"},
      {"\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET|/||Host=h;||keep\n"},
      {"GET /a/b?c=d&e HTTP/1.1\r\nhost:h:80\r\nX:\t y z \t\r\nEmpty:\r\n\r\n",
       "GET|/a/b|c=d&e|host=h:80;X=y z;Empty=;||keep\n"},
      {"GET /? HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET|/||Host=[::1]:80;||keep\n"},
      {"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS|*||Host=h;||keep\n"},
      {"PURGE /x HTTP/1.1\r\nHost: h\r\n\r\n", "OTHER|/x||Host=h;||keep\n"},
      {"GET http://example.org/a?b HTTP/1.1\r\nHost: h\r\n\r\n", "GET|/a|b|Host=h;||keep\n"},
      {"GET http://example.org HTTP/1.1\r\nHost: h\r\n\r\n", "GET|/||Host=h;||keep\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n", "GET|/||Host=h;Connection=foo, Close;||close\n"},
      {"GET / HTTP/1.0\r\n\r\n", "GET|/||||close 1.0\n"},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET|/||Connection=keep-alive;||keep 1.0\n"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "POST|/||Host=h;Content-Length=5;|hello|keep\n"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "POST|/||Host=h;Content-Length=0;||keep\n"},
      {chunked("5\r\nhello\r\n0\r\n\r\n"), "POST|/a||" + te + "|hello|keep\n"},
      {chunked("2\r\nhe\r\n0000003;name=\"v\"\r\nllo\r\n0\r\nA: b\r\nC: d\r\n\r\n"),
       "POST|/a||" + te + "|hello|keep\n"},
      {chunked("a\r\n0123456789\r\nA\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"),
       "POST|/a||" + te + "|0123456789\r\n\r\n\r\n\r\n\r\n|keep\n"},
      {chunked("1\r\nx\r\n0\r\n\r\n") + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n",
       "POST|/a||" + te + "|x|keep\nGET|/next||Host=h;||keep\n"},
      {"PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcDELETE /2 HTTP/1.1\r\nHost: h\r\n\r\n"
       "HEAD /3 HTTP/1.1\r\nHost: h\r\n\r\n",
       "PUT|/1||Host=h;Content-Length=3;|abc|keep\nDELETE|/2||Host=h;||keep\nHEAD|/3||Host=h;||keep\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\n\r", "incomplete"},
      {chunked("5\r\nhel"), "incomplete"},
      {chunked("0\r\n"), "incomplete"},
  });
}

TEST(RequestParser, MalformedRequestsAreRefused) {
  expect_refused_in_fragments({
      {std::string("\x16\x03\x01\x02", 4), "malformed_request_line"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "unsupported_version"},
      {"GET /\r\n\r\n", "malformed_request_line"},
      {" GET / HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_request_line"},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_request_line"},
      {"G(T / HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_request_line"},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_request_line"},
      {"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", "unsupported_version"},
      {"GET /  HTTP/1.1\r\nHost: h\r\n\r\n", "unsupported_version"},
      {"GET / HTTP/1.2\r\nHost: h\r\n\r\n", "unsupported_version"},
      {"GET / http/1.1\r\nHost: h\r\n\r\n", "unsupported_version"},
      {"GET a HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_target"},
      {"GET * HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_target"},
      {"GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_target"},
      {"GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_target"},
      {"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_target"},
      {"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_target"},
      {"GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_target"},
      {std::string("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 28), "malformed_target"},
      {"GET / HTTP/1.1\nHost: h\n\n", "malformed_line_end"},
      {"GET / HTTP/1.1\r\nHost: h\n\r\n", "malformed_line_end"},
      {"GET / HTTP/1.1\r\nHost: h\r\n\n", "malformed_line_end"},
      {"GET / HTTP/1.1\r\nA: b\rc\r\nHost: h\r\n\r\n", "malformed_line_end"},
      {"\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", "malformed_line_end"},
      {with_header("A: b\r\n c"), "folded_header"},
      {with_header("\tA: b"), "folded_header"},
      {with_header("A : b"), "malformed_header"},
      {with_header("A"), "malformed_header"},
      {with_header(": b"), "malformed_header"},
      {with_header("A\x01: b"), "malformed_header"},
      {with_header("A: \x7f"), "malformed_header"},
      {with_header(std::string("A: b\0c", 6)), "malformed_header"},
      {"GET / HTTP/1.1\r\n\r\n", "malformed_host"},
      {with_header("Host: h"), "malformed_host"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "malformed_host"},
      {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "malformed_host"},
      {with_header("Expect: a-miracle"), "unsupported_expectation"},
  });
}

// Two servers in a row that disagree about where a request ends are how requests are smuggled past the first one.
TEST(RequestParser, AmbiguousLengthsAreRefused) {
  const std::string te = "Transfer-Encoding: ";
  expect_refused_in_fragments({
      {with_header("Content-Length: 5\r\nContent-Length: 5"), "malformed_content_length"},
      {with_header("Content-Length: 5\r\nContent-Length: 6"), "malformed_content_length"},
      {with_header("Content-Length: 5, 5"), "malformed_content_length"},
      {with_header("Content-Length: +5"), "malformed_content_length"},
      {with_header("Content-Length: -5"), "malformed_content_length"},
      {with_header("Content-Length: 0x5"), "malformed_content_length"},
      {with_header("Content-Length: 5 5"), "malformed_content_length"},
      {with_header("Content-Length:"), "malformed_content_length"},
      {with_header("Content-Length: 99999999999999999999999"), "body_too_large"},
      {with_header(te + "chunked\r\n" + te + "chunked"), "malformed_transfer_encoding"},
      {with_header(te + "gzip, chunked"), "malformed_transfer_encoding"},
      {with_header(te + "chunked, identity"), "malformed_transfer_encoding"},
      {with_header(te + "xchunked"), "malformed_transfer_encoding"},
      {with_header(te + "\"chunked\""), "malformed_transfer_encoding"},
      {with_header(te), "malformed_transfer_encoding"},
      {with_header(te + "gzip"), "unsupported_transfer_encoding"},
      {with_header(te + "identity"), "unsupported_transfer_encoding"},
      {"POST / HTTP/1.0\r\n" + te + "chunked\r\n\r\n", "malformed_transfer_encoding"},
  });
}

// The planted bug QUIPU_BUG_BOTH_LENGTHS_ACCEPTED is caught here.
TEST(RequestParser, BothLengthsTogetherAreRefused) {
  expect_refused_in_fragments({
      {"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "ambiguous_length"},
      {"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
       "ambiguous_length"},
  });
}

TEST(RequestParser, MalformedChunksAreRefused) {
  expect_refused_in_fragments({
      {chunked("g\r\n"), "malformed_chunk"},
      {chunked("\r\n"), "malformed_chunk"},
      {chunked("-1\r\n"), "malformed_chunk"},
      {chunked("0x1\r\nx\r\n"), "malformed_chunk"},
      {chunked(" 1\r\nx\r\n"), "malformed_chunk"},
      {chunked("1 \r\nx\r\n"), "malformed_chunk"},
      {chunked("1\nx\r\n"), "malformed_chunk"},
      {chunked("1\r\nxy\r\n"), "malformed_chunk"},
      {chunked("1\r\nx\n"), "malformed_chunk"},
      {chunked("1\r\nx\rz"), "malformed_chunk"},
      {chunked("1;\x01\r\nx\r\n"), "malformed_chunk"},
      {chunked("00000000000000001\r\nx\r\n"), "malformed_chunk"},
      {chunked("1;" + std::string(chunk_line_bytes_max, 'e') + "\r\nx\r\n"), "malformed_chunk"},
      {chunked("0\r\nno colon\r\n\r\n"), "malformed_chunk"},
      {chunked("0\r\n a: b\r\n\r\n"), "malformed_chunk"},
      {chunked("0\r\na: b\n\r\n"), "malformed_chunk"},
      {chunked("ffffffffffffffff\r\n"), "body_too_large"},
      {chunked("65\r\n"), "body_too_large"},
      {chunked("64\r\n" + std::string(100, 'x') + "\r\n1\r\n"), "body_too_large"},
      {chunked("0\r\na: " + std::string(trailer_bytes_max, 'x') + "\r\n\r\n"), "trailers_too_large"},
  });
}

TEST(RequestParser, LimitsAreReachedAndNotPassed) {
  const auto request_of = [](std::size_t target_bytes, std::size_t head_bytes) {
    std::string head = "GET /" + std::string(target_bytes - 1, 't') + " HTTP/1.1\r\nHost: h\r\nA: ";
    return head + std::string(head_bytes - head.size() - 4, 'a') + "\r\n\r\n";
  };
  EXPECT_TRUE(outcome_of(request_of(200, 1'000)).starts_with("GET|/ttt"));
  EXPECT_TRUE(outcome_of(with_header("Content-Length: 100") + std::string(100, 'b')).starts_with("POST|/a"));
  EXPECT_TRUE(outcome_of(chunked("64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n")).starts_with("POST|/a"));
  expect_refused_in_fragments({
      {request_of(201, 300), "target_too_long"},
      {request_of(900, 950), "target_too_long"},
      {"GET /" + std::string(2'000, 't'), "target_too_long"},
      {request_of(10, 1'002), "headers_too_large"},
      {request_of(10, 5'000), "headers_too_large"},
      {request_of(10, 5'000).substr(0, 1'100), "headers_too_large"},
      {with_header("Content-Length: 101"), "body_too_large"},
  });
}

TEST(RequestParser, HeadersAreCounted) {
  std::string headers;
  for (std::size_t i = 1; i < headers_max; ++i) headers += fmt::format("A{}: b\r\n", i);
  const Limits limits;
  EXPECT_TRUE(outcome_of("GET / HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n", limits).starts_with("GET|/"));
  EXPECT_TRUE(outcome_of("GET / HTTP/1.1\r\nHost: h\r\n" + headers + "A: b\r\n\r\n", limits)
                  .starts_with("refused {\"error_code\":\"too_many_headers\""));
}

TEST(RequestParser, ExpectationAndSizeAreKnownBeforeTheBodyCame) {
  std::string head = "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 10\r\n\r\n";
  std::size_t size = head.size();
  RequestParser parser;
  Request request;
  EXPECT_EQ(parser.parse(small_limits, head.data(), size, request), RequestParser::Status::incomplete);
  EXPECT_TRUE(parser.expects_continue());
  EXPECT_EQ(parser.bytes_wanted(), head.size() + 10);
}

// Its bytes have moved and another request was read in between; the body goes on where it was.
TEST(RequestParser, AHeadCanBeReadAgainWhileItsBodyComes) {
  for (const std::string framing : {"Content-Length: 5\r\n\r\nhe", "Transfer-Encoding: chunked\r\n\r\n5\r\nhe"}) {
    std::string text = "\r\nPUT /a?b HTTP/1.1\r\nHost: h\r\nX-A: b\r\n" + framing;
    RequestParser parser;
    Request request;
    std::size_t size = text.size();
    ASSERT_EQ(parser.parse(small_limits, text.data(), size, request), RequestParser::Status::incomplete);
    EXPECT_EQ(request.target(), "/a?b");
    EXPECT_EQ(request.body(), "");
    text.resize(size);

    std::string other = "POST /other HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nother";
    std::size_t other_size = other.size();
    ASSERT_EQ(RequestParser{}.parse(small_limits, other.data(), other_size, request), RequestParser::Status::complete);
    std::string moved = text;
    text.assign(text.size(), '?');
    parser.read_head_again(small_limits, moved, request);
    EXPECT_EQ(request.target(), "/a?b");
    EXPECT_EQ(request.header("x-a"), "b");
    EXPECT_EQ(request.body(), "");

    moved += framing.starts_with("C") ? "llo" : "llo\r\n0\r\n\r\n";
    size = moved.size();
    ASSERT_EQ(parser.parse(small_limits, moved.data(), size, request), RequestParser::Status::complete);
    EXPECT_EQ(request.body(), "hello");
    EXPECT_EQ(request.target(), "/a?b");
  }
}

TEST(RequestParser, OnePathMayHaveLargerBodies) {
  const Limits limits{.body_bytes_max = 10, .large_body_path = "/big", .large_body_bytes_max = 20};
  const auto outcome = [&](std::string_view path, std::size_t bytes) {
    return outcome_of(fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{}", path, bytes,
                                  std::string(bytes, 'x')),
                      limits);
  };
  EXPECT_TRUE(outcome("/", 10).starts_with("POST|/"));
  EXPECT_TRUE(outcome("/", 11).starts_with("refused"));
  EXPECT_TRUE(outcome("/big", 20).starts_with("POST|/big"));
  EXPECT_TRUE(outcome("/big?a=b", 20).starts_with("POST|/big"));
  EXPECT_TRUE(outcome("/big", 21).starts_with("refused"));
  EXPECT_TRUE(outcome("/bigger", 11).starts_with("refused"));
}

TEST(Request, HeadersAreFoundWhateverTheirCase) {
  std::string text = "GET / HTTP/1.1\r\nHost: h\r\nX-Api-Key: 1\r\nx-api-key: 2\r\n\r\n";
  std::size_t size = text.size();
  RequestParser parser;
  Request request;
  ASSERT_EQ(parser.parse(small_limits, text.data(), size, request), RequestParser::Status::complete);
  EXPECT_EQ(request.header("x-API-key"), "1");
  EXPECT_EQ(request.header("x-api"), std::nullopt);
}

}  // namespace
}  // namespace quipu::http
