#include "remote/resp.h"

#include <gtest/gtest.h>

namespace quipu::remote::resp {
namespace {

using Kind = Reply::Kind;

Reply parsed(std::string_view bytes) {
  Reply reply;
  const auto used = parse_reply(bytes, reply);
  EXPECT_TRUE(used) << bytes;
  EXPECT_EQ(used.value_or(0), bytes.size()) << bytes;
  return reply;
}

TEST(Resp, ACommandIsAListOfStrings) {
  std::string out;
  append_command(out, {"SET", "a b", ""});
  EXPECT_EQ(out, "*3\r\n$3\r\nSET\r\n$3\r\na b\r\n$0\r\n\r\n");
}

TEST(Resp, RepliesOfEachKind) {
  EXPECT_EQ(parsed("+OK\r\n").text, "OK");
  EXPECT_EQ(parsed(":-42\r\n").integer, -42);
  EXPECT_EQ(parsed({"$5\r\na\r\nb\0\r\n", 11}).text.size(), 5U);
  EXPECT_EQ(parsed("$-1\r\n").kind, Kind::nothing);
  EXPECT_EQ(parsed("*-1\r\n").kind, Kind::nothing);
  const Reply error = parsed("-MOVED 1 h:2\r\n");
  EXPECT_TRUE(error.is_error());
  EXPECT_EQ(error.error_code(), "MOVED");
  const Reply list = parsed("*3\r\n:1\r\n*1\r\n$1\r\nx\r\n$-1\r\n");
  ASSERT_EQ(list.list.size(), 3U);
  EXPECT_EQ(list.list[1].list[0].text, "x");
}

TEST(Resp, AReplyThatIsNotWholeWaitsForMore) {
  const std::string whole = "*2\r\n$3\r\na\r\n\r\n:12\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Reply reply;
    const auto used = parse_reply(std::string_view{whole}.substr(0, size), reply);
    ASSERT_TRUE(used) << size;
    EXPECT_EQ(*used, 0U) << size;
  }
}

TEST(Resp, WhatFollowsIsLeftAlone) {
  Reply reply;
  EXPECT_EQ(*parse_reply(":1\r\n:2\r\n", reply), 4U);
  EXPECT_EQ(reply.integer, 1);
}

TEST(Resp, AReplyIsUsedAgain) {
  Reply reply;
  ASSERT_TRUE(parse_reply("*1\r\n:1\r\n", reply));
  ASSERT_TRUE(parse_reply("$1\r\nx\r\n", reply));
  EXPECT_TRUE(reply.list.empty());
  EXPECT_EQ(reply.text, "x");
}

TEST(Resp, OtherBytesAreNoReply) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "*1\r\n";
  for (const std::string& bytes :
       {std::string{"HTTP/1.1 400 Bad Request\r\n"}, std::string{"x"}, std::string{"\0", 1}, std::string{":1x\r\n"},
        std::string{":\r\n"}, std::string{"$-2\r\n"}, std::string{"$99999999999\r\n"}, std::string{"$1\r\nabc"},
        std::string{"*99999999\r\n"}, deep, "+" + std::string(line_bytes_max, 'a')}) {
    Reply reply;
    EXPECT_FALSE(parse_reply(bytes, reply)) << bytes.substr(0, 40);
  }
}

}  // namespace
}  // namespace quipu::remote::resp
