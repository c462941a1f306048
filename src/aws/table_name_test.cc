#include "aws/table_name.h"

#include <gtest/gtest.h>

#include <string>

namespace quipu::aws {
namespace {

TEST(TableName, IsItselfOrInItsArn) {
  EXPECT_EQ(checked_table_name("Music_1.a-b").value(), "Music_1.a-b");
  EXPECT_EQ(checked_table_name("arn:aws:dynamodb:us-east-1:123456789012:table/Music").value(), "Music");
  EXPECT_EQ(checked_table_name("arn:aws-cn:dynamodb:cn-north-1:000000000000:table/Music").value(), "Music");
}

TEST(TableName, ErrorsAreTheServices) {
  const auto said = [](const std::string& name) { return checked_table_name(name).error().message; };
  const std::string failed = "' at 'tableName' failed to satisfy constraint: Member must ";
  const std::string pattern = "satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
  EXPECT_EQ(said(""), "1 validation error detected: Value '" + failed + "have length greater than or equal to 1");
  EXPECT_EQ(said("bad table!@#"), "1 validation error detected: Value 'bad table!@#" + failed + pattern);
  EXPECT_EQ(said("ab"), "1 validation error detected: Value 'ab" + failed + "have length greater than or equal to 3");
  EXPECT_EQ(said(std::string(256, 'a')), "1 validation error detected: Value '" + std::string(256, 'a') + failed +
                                             "have length less than or equal to 255");
  EXPECT_EQ(said("a;"), "2 validation errors detected: Value 'a;" + failed + pattern + "; Value 'a;" + failed +
                            "have length greater than or equal to 3");
  EXPECT_TRUE(checked_table_name(std::string(255, 'a')));
}

TEST(TableName, OtherArnsAreNoTables) {
  for (const char* arn :
       {"arn:aws:dynamodb:us-east-1:123456789012:table/Music/index/byName", "arn:aws:s3:::table/Music",
        "arn:aws:dynamodb:us-east-1:123456789012:backup/Music", "arn:aws:dynamodb:us-east-1:123456789012:table/",
        "arn:aws:dynamodb:us-east-1:1:table/ab", "arn:"})
    EXPECT_FALSE(checked_table_name(arn)) << arn;
}

TEST(TableName, IsFoundInWhatBelongsToATable) {
  EXPECT_EQ(table_name_in_arn("arn:aws:dynamodb:us-east-1:1:table/Music/stream/2026-01-01T00:00:00.000"), "Music");
  EXPECT_EQ(table_name_in_arn("arn:aws:dynamodb:us-east-1:1:table/Music"), "Music");
  EXPECT_EQ(table_name_in_arn("arn:aws:dynamodb:us-east-1:1:export/Music"), "");
  EXPECT_EQ(table_name_in_arn("Music"), "");
}

}  // namespace
}  // namespace quipu::aws
