#include "stream/stream_names.h"

#include <gtest/gtest.h>

namespace quipu::stream {
namespace {

constexpr std::uint64_t moment_ms = 1'431'379'293'291;

TEST(StreamNames, ALabelIsTheMomentInUtc) {
  EXPECT_EQ(stream_label(moment_ms), "2015-05-11T21:21:33.291");
  EXPECT_EQ(stream_label(0), "1970-01-01T00:00:00.000");
  EXPECT_EQ(stream_label(1'709'164'800'007), "2024-02-29T00:00:00.007");
}

TEST(StreamNames, AnArnIsReadAsItWasWritten) {
  const std::string arn = stream_arn({.region = "ddblocal", .account = "000000000000"}, "a.table-1_x", moment_ms);
  EXPECT_EQ(arn, "arn:aws:dynamodb:ddblocal:000000000000:table/a.table-1_x/stream/2015-05-11T21:21:33.291");
  const auto name = parse_stream_arn(arn);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->table, "a.table-1_x");
  EXPECT_EQ(name->label, "2015-05-11T21:21:33.291");
}

TEST(StreamNames, WhatIsNoStreamsArnIsRefused) {
  for (const std::string_view arn : {"", "abc", "arn:aws:dynamodb:r:a:table/t", "arn:aws:dynamodb:r:a:table/t/stream/",
                                     "arn:aws:s3:r:a:table/t/stream/l", "arn:aws:dynamodb:r:a:table//stream/l",
                                     "arn:aws:dynamodb:r:table/t/stream/l", "arn:aws:dynamodb:r:a:table/t/index/l"})
    EXPECT_FALSE(parse_stream_arn(arn)) << arn;
}

TEST(StreamNames, SequenceNumbersGrowAsTextAndAsNumbers) {
  EXPECT_EQ(sequence_number(1), "100000000000000000001");
  EXPECT_EQ(sequence_number(UINT64_MAX), "118446744073709551615");
  EXPECT_LT(sequence_number(9), sequence_number(10));
  for (const std::uint64_t change : {std::uint64_t{1}, std::uint64_t{77}, UINT64_MAX})
    EXPECT_EQ(parse_sequence_number(sequence_number(change)), change);
  for (const std::string_view text :
       {"", "1", "000000000000000000001", "100000000000000000000", "1-0000000000000000001", "10000000000000000000x",
        "199999999999999999999", "1000000000000000000001"})
    EXPECT_FALSE(parse_sequence_number(text)) << text;
}

TEST(StreamNames, AShardsIdHasTheServicesForm) {
  const table::StreamInfo one{.table_id = 7, .created_ms = moment_ms};
  const table::StreamInfo two{.table_id = 8, .created_ms = moment_ms};
  const std::string id = shard_id(one);
  EXPECT_EQ(id.size(), 37U);
  EXPECT_EQ(id.substr(0, 29), "shardId-00000001431379293291-");
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef", 29), std::string::npos);
  EXPECT_EQ(id, shard_id(one));
  EXPECT_NE(id, shard_id(two));
}

}  // namespace
}  // namespace quipu::stream
