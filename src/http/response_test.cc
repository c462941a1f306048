#include "http/response.h"

#include <gtest/gtest.h>

#include <array>

#include "http/refusal.h"

namespace quipu::http {
namespace {

TEST(DateLine, IsInTheOnlyFormatThatHttpAllows) {
  DateLine date;
  date.refresh(784'111'777);
  EXPECT_EQ(date.line(), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  date.refresh(784'111'778);
  EXPECT_EQ(date.line(), "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
}

TEST(ResponseHead, HasWhatEveryAnswerNeeds) {
  std::string out;
  append_head(out, {.status = 200, .content_type = "text/plain", .body_bytes = 12}, "Date: now\r\n");
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\n");
}

TEST(ResponseHead, NoContentHasNoLength) {
  EXPECT_TRUE(has_no_body(204));
  std::string out;
  append_head(out, {.status = 204, .framing = BodyFraming::none}, "");
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\n\r\n");
}

// Response splitting: a value that came from a request must not become a header of its own.
TEST(ResponseHead, LineEndsInValuesCannotMakeHeaders) {
  const std::array extra{Header{"Location", "/a\r\nSet-Cookie: b"}};
  std::string out;
  append_head(out, {.status = 303, .framing = BodyFraming::none, .extra = extra}, "");
  EXPECT_EQ(out, "HTTP/1.1 303 See Other\r\nLocation: /a  Set-Cookie: b\r\n\r\n");
}

TEST(Chunk, NoBytesAreNotTheEnd) {
  std::string out;
  append_chunk(out, "");
  append_chunk(out, std::string(26, 'x'));
  EXPECT_EQ(out, "1a\r\n" + std::string(26, 'x') + "\r\n");
}

TEST(Refusal, NamesTheLimit) {
  EXPECT_EQ(refusal_status(Refusal::body_too_large), 413);
  EXPECT_EQ(refusal_body(Refusal::body_too_large, {.body_bytes_max = 77}),
            R"({"error_code":"body_too_large","error_description":"The body may have at most 77 bytes."})");
}

}  // namespace
}  // namespace quipu::http
