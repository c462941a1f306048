#include "http/response_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace quipu::http {
namespace {

class Fragments final : public ByteSource {
 public:
  Fragments(std::string_view text, std::size_t fragment_bytes) : rest_{text}, fragment_bytes_{fragment_bytes} {}
  Result<std::size_t> read(char* bytes, std::size_t size) override {
    const std::size_t piece = rest_.copy(bytes, std::min(size, fragment_bytes_));
    rest_.remove_prefix(piece);
    return piece;
  }

 private:
  std::string_view rest_;
  std::size_t fragment_bytes_;
};

constexpr std::size_t fragment_sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 1'000'000};
constexpr std::size_t header_bytes_max = 200;
constexpr std::size_t body_bytes_max = 100;

std::string read_in_fragments(std::string_view text, std::size_t fragment_bytes, bool is_head) {
  Fragments source{text, fragment_bytes};
  ResponseReader reader{source, header_bytes_max, body_bytes_max};
  ClientResponse response;
  if (const auto head = reader.read_head(response); !head) return head.error().message;
  const auto body = reader.read_body(response, is_head, nullptr);
  if (!body) return body.error().message;
  return fmt::format("{}|{}|{}", response.status, response.body, reader.keeps_alive() ? "keep" : "close");
}

void expect(std::string_view text, std::string_view outcome, bool is_head = false) {
  for (const std::size_t fragment_bytes : fragment_sizes) {
    EXPECT_EQ(read_in_fragments(text, fragment_bytes, is_head), outcome)
        << text << "\nin fragments of " << fragment_bytes;
  }
}

TEST(ResponseReader, BodiesAreTheSameInFragments) {
  expect("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200|hello|keep");
  expect("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "200|hello|close");
  expect("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", "201||keep");
  expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nT: t\r\n\r\n",
         "200|hello|keep");
  expect("HTTP/1.0 200 OK\r\n\r\nhello", "200|hello|close");
  expect("HTTP/1.1 204 No Content\r\n\r\n", "204||keep");
  expect("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200||keep", true);
}

TEST(ResponseReader, BrokenAnswersAreNamed) {
  const std::string_view cut = "the server closed the connection without a whole answer";
  expect("", cut);
  expect("HTTP/1.1 200 OK\r\nContent-Le", cut);
  expect("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "the server's answer ended before its end");
  expect("SSH-2.0-OpenSSH\r\n", "the server's answer is not HTTP/1.1: a strange status line");
  expect("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "the server's answer is not HTTP/1.1: a strange header");
  expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
         "the server's answer is not HTTP/1.1: a strange chunk");
  expect("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
         "the server's answer is not HTTP/1.1: a strange Content-Length");
}

TEST(ResponseReader, LimitsHold) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: ";
  expect(head + "100\r\n\r\n" + std::string(100, 'x'), "200|" + std::string(100, 'x') + "|keep");
  expect(head + "101\r\n\r\n" + std::string(101, 'x'), "the answer has more than 100 bytes");
  expect("HTTP/1.1 200 OK\r\nA: " + std::string(300, 'x') + "\r\n\r\n",
         "the server's answer is not HTTP/1.1: too many headers");
}

}  // namespace
}  // namespace quipu::http
