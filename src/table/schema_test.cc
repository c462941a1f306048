#include "table/schema.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace quipu::table {
namespace {

const TableSchema full{.name = "Tasks",
                       .id = 3,
                       .partition_key = {.name = "PK", .type = KeyType::string},
                       .sort_key = KeyAttribute{.name = "n", .type = KeyType::number},
                       .stream_view = StreamView::new_and_old_images,
                       .system = true,
                       .created_ms = 0x0102030405060708};

// The bytes are on disks for ever.
TEST(Schema, GoldenBytes) {
  EXPECT_EQ(to_hex(schema_key("Tasks")),
            "02"
            "5461736b73");
  EXPECT_EQ(to_hex(encode_schema(full)),
            "01"
            "00000003"
            "04"
            "01"
            "0102030405060708"
            "02"
            "0102504b"
            "02016e");
}

TEST(Schema, ReadsBackAsItWas) {
  const auto read = decode_schema(schema_key("Tasks"), encode_schema(full));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, full);
}

TEST(Schema, EveryCutIsNoticed) {
  const std::string good = encode_schema(full);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto read = decode_schema(schema_key("Tasks"), good.substr(0, size));
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code, ErrorCode::damaged);
  }
  EXPECT_FALSE(decode_schema(schema_key("Tasks"), good + 'x'));
}

// A newer program may write what this one does not know; guessing would lose it.
TEST(Schema, UnknownVersionsAndValuesAreRefused) {
  for (const std::size_t at : {0U, 5U, 6U, 15U, 16U}) {
    std::string bytes = encode_schema(full);
    bytes[at] = 9;
    EXPECT_FALSE(decode_schema(schema_key("Tasks"), bytes)) << at;
  }
}

}  // namespace
}  // namespace quipu::table
