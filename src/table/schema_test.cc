#include "table/schema.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "value/item_codec.h"

namespace quipu::table {
namespace {

TableSchema full() {
  TableSchema schema{.name = "Tasks",
                     .id = 3,
                     .partition_key = {.name = "PK", .type = KeyType::string},
                     .sort_key = KeyAttribute{.name = "n", .type = KeyType::number},
                     .stream_view = StreamView::new_and_old_images,
                     .stream_created_ms = 7,
                     .system = true,
                     .created_ms = 0x0102030405060708};
  schema.indexes.push_back({.name = "by-status",
                            .id = 4,
                            .kind = IndexKind::global,
                            .partition_key = {.name = "status", .type = KeyType::string},
                            .projection = IndexProjection::include,
                            .included = {"owner"},
                            .filling = Filling::under_way});
  schema.expiry = ExpirySchema{.attribute = "until", .id = 5};
  schema.settings.set("BillingMode", value::Value::string("PAY_PER_REQUEST"));
  return schema;
}

// The bytes are on disks for ever.
TEST(Schema, GoldenBytes) {
  EXPECT_EQ(to_hex(schema_key("Tasks")),
            "02"
            "5461736b73");
  TableSchema plain{.name = "t", .id = 1, .partition_key = {.name = "id"}, .created_ms = 9};
  EXPECT_EQ(to_hex(encode_schema(plain)),
            "02"
            "01"
            "0a637265617465645f6d730409"
            "0766696c6c696e670401"
            "0269640401"
            "07696e64657865730c00"
            "036b65790c010d02046e616d65070269640474797065"
            "0401"
            "0873657474696e67730d00"
            "06736f757263650700"
            "1173747265616d5f637265617465645f6d730400"
            "0b73747265616d5f766965770400"
            "0673797374656d02");
}

// What the first release wrote is read for ever.
TEST(Schema, TheFirstVersionIsRead) {
  std::string bytes;
  ASSERT_TRUE(
      from_hex("01"
               "00000003"
               "04"
               "01"
               "0102030405060708"
               "02"
               "0102504b"
               "02016e",
               bytes));
  const auto read = decode_schema(schema_key("Tasks"), bytes);
  ASSERT_TRUE(read) << read.error().message;
  const TableSchema expected{.name = "Tasks",
                             .id = 3,
                             .partition_key = {.name = "PK", .type = KeyType::string},
                             .sort_key = KeyAttribute{.name = "n", .type = KeyType::number},
                             .stream_view = StreamView::new_and_old_images,
                             .system = true,
                             .created_ms = 0x0102030405060708};
  EXPECT_EQ(*read, expected);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_schema(schema_key("Tasks"), std::string_view{bytes}.substr(0, size))) << size;
  EXPECT_FALSE(decode_schema(schema_key("Tasks"), bytes + 'x'));
  // What could not be written again must not be read.
  std::string late = bytes;
  late[7] = '\xff';
  EXPECT_FALSE(decode_schema(schema_key("Tasks"), late)) << "made after the end of signed 64-bit time";
  std::string no_text = bytes;
  no_text[18] = '\xff';
  EXPECT_FALSE(decode_schema(schema_key("Tasks"), no_text)) << "a name that is no UTF-8";
}

TEST(Schema, ReadsBackAsItWas) {
  const auto read = decode_schema(schema_key("Tasks"), encode_schema(full()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, full());
}

TEST(Schema, EveryCutIsNoticed) {
  const std::string good = encode_schema(full());
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto read = decode_schema(schema_key("Tasks"), good.substr(0, size));
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code, ErrorCode::damaged);
  }
  EXPECT_FALSE(decode_schema(schema_key("Tasks"), good + 'x'));
}

// A newer program may write what this one does not know; guessing would lose it.
TEST(Schema, UnknownVersionsAndMembersAreRefused) {
  std::string newer = encode_schema(full());
  newer[0] = 3;
  EXPECT_FALSE(decode_schema(schema_key("Tasks"), newer));

  const std::string bytes = encode_schema(full());
  value::Item item;
  ASSERT_TRUE(value::decode_item(std::string_view{bytes}.substr(1), item));
  item.set("colour", value::Value::string("red"));
  std::string more(1, bytes.front());
  value::encode_item(item, more);
  EXPECT_FALSE(decode_schema(schema_key("Tasks"), more));
}

}  // namespace
}  // namespace quipu::table
