#include "remote/mysql_statements.h"

#include <gtest/gtest.h>

#include "remote/mysql_session.h"

namespace quipu::remote::mysql {
namespace {

TEST(MysqlStatements, ANameIsNothingButDigits) {
  EXPECT_EQ(*id_literal("a'; DROP", IdType::bytes), "x'61273b2044524f50'");
  EXPECT_EQ(*id_literal("\xc3\xa4", IdType::text), "_utf8mb4 x'c3a4'");
  EXPECT_EQ(*id_literal("-7", IdType::integer), "-7");
  for (const char* bad : {"a", "1.0", "1 OR 1=1", "01", "+1", "99999999999999999999", ""})
    EXPECT_FALSE(id_literal(bad, IdType::integer)) << bad;
}

TEST(MysqlStatements, TheTypeOfIdsIsRead) {
  EXPECT_EQ(id_type_of({}), IdType::missing);
  EXPECT_EQ(id_type_of({"varbinary"}), IdType::bytes);
  EXPECT_EQ(id_type_of({"varchar"}), IdType::text);
  EXPECT_EQ(id_type_of({"BIGINT"}), IdType::integer);
  EXPECT_EQ(id_type_of({"int"}), IdType::integer);
}

// Which answers may be followed by the same statement once more, and which must not.
TEST(MysqlTroubles, OnlyWhatWasCertainlyNotAppliedIsTriedAgain) {
  for (const unsigned code : {1213U, 1205U, 1020U, 9007U, 8002U, 8022U, 8028U})
    EXPECT_EQ(trouble_of(code), Trouble::again) << code;
  for (const unsigned code : {1026U, 1053U, 1105U, 1180U, 1317U, 1598U, 1927U, 1969U, 3100U, 3101U, 8501U, 9005U})
    EXPECT_EQ(trouble_of(code), Trouble::unknown) << code;
  for (const unsigned code : {1142U, 1290U, 1047U, 1064U}) EXPECT_EQ(trouble_of(code), Trouble::refused) << code;
  EXPECT_EQ(trouble_of(1062), Trouble::duplicate);
  EXPECT_EQ(trouble_of(1690), Trouble::out_of_range);
  EXPECT_EQ(trouble_of(1264), Trouble::out_of_range);
  EXPECT_EQ(trouble_of(1146), Trouble::missing_table);
}

}  // namespace
}  // namespace quipu::remote::mysql
