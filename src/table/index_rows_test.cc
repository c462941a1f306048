#include "table/index_rows.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "table/key_codec.h"

namespace quipu::table {
namespace {

using value::Item;
using value::Value;

TableSchema table() {
  TableSchema schema{.name = "t", .id = 1, .partition_key = {.name = "id", .type = KeyType::string}};
  schema.indexes.push_back({.name = "by-owner",
                            .id = 2,
                            .partition_key = {.name = "owner", .type = KeyType::string},
                            .sort_key = KeyAttribute{.name = "n", .type = KeyType::number},
                            .projection = IndexProjection::include,
                            .included = {"title"}});
  return schema;
}

Item task() {
  Item item;
  item.set("id", Value::string("a"));
  item.set("owner", Value::string("o"));
  item.set("n", Value::number(std::int64_t{5}));
  item.set("title", Value::string("T"));
  item.set("body", Value::string("B"));
  return item;
}

std::string row_key_of(const TableSchema& schema, const Item& item) {
  std::string key;
  EXPECT_TRUE(key_codec::append_row_key(key, schema, item));
  return key;
}

// The bytes are on disks for ever.
TEST(IndexRows, GoldenBytes) {
  const TableSchema schema = table();
  const auto row = make_index_row(schema, schema.indexes[0], row_key_of(schema, task()), task());
  ASSERT_TRUE(row);
  EXPECT_EQ(to_hex(row->key),
            "07"
            "00000002"
            "6f0001"
            "c10a"
            "61");
  EXPECT_EQ(to_hex(row->value),
            "01"
            "057469746c650701"
            "54");

  const ExpirySchema expiry{.attribute = "n", .id = 3};
  const auto expiry_row = make_expiry_row(expiry, row_key_of(schema, task()), task());
  ASSERT_TRUE(expiry_row);
  EXPECT_EQ(to_hex(expiry_row->key),
            "08"
            "00000003"
            "0000000000000005"
            "61");
  EXPECT_EQ(expiry_row->value, "");
}

TEST(IndexRows, ARowReadsBackAsWhatItProjects) {
  const TableSchema schema = table();
  const auto row = make_index_row(schema, schema.indexes[0], row_key_of(schema, task()), task());
  ASSERT_TRUE(row);
  Item read;
  ASSERT_TRUE(read_index_row(row->key, row->value, schema, schema.indexes[0], read));
  Item expected = task();
  expected.erase("body");
  EXPECT_EQ(read, expected);
  const auto back = item_row_key_of_index_row(row->key, schema, schema.indexes[0]);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, row_key_of(schema, task()));
}

TEST(IndexRows, AnItemWithoutAKeyOfTheIndexOrWithAnotherTypeIsNotInIt) {
  const TableSchema schema = table();
  Item item = task();
  item.erase("n");
  EXPECT_FALSE(make_index_row(schema, schema.indexes[0], row_key_of(schema, item), item));
  item.set("n", Value::string("5"));
  EXPECT_FALSE(make_index_row(schema, schema.indexes[0], row_key_of(schema, item), item));
  item.set("n", Value::number(std::int64_t{5}));
  item.set("owner", Value::string(""));
  EXPECT_FALSE(make_index_row(schema, schema.indexes[0], row_key_of(schema, item), item));
}

TEST(IndexRows, OnlyNumbersOfSecondsExpire) {
  const TableSchema schema = table();
  const ExpirySchema expiry{.attribute = "n", .id = 3};
  Item item = task();
  for (const char* text : {"-1", "-0.5", "1e30"}) {
    item.set("n", Value::number(*value::Number::parse(text)));
    EXPECT_FALSE(make_expiry_row(expiry, row_key_of(schema, item), item)) << text;
  }
  item.set("n", Value::string("5"));
  EXPECT_FALSE(make_expiry_row(expiry, row_key_of(schema, item), item));
  item.set("n", Value::number(*value::Number::parse("7.9")));
  const auto row = make_expiry_row(expiry, row_key_of(schema, item), item);
  ASSERT_TRUE(row) << "a fraction is cut off";
  EXPECT_EQ(decode_expiry_key(row->key)->second, 7U);
}

TEST(IndexRows, DamagedKeysAreNoticed) {
  const TableSchema schema = table();
  const auto row = make_index_row(schema, schema.indexes[0], row_key_of(schema, task()), task());
  Item item;
  for (std::size_t size = 0; size < row->key.size(); ++size)
    EXPECT_FALSE(read_index_row(row->key.substr(0, size), row->value, schema, schema.indexes[0], item)) << size;
}

}  // namespace
}  // namespace quipu::table
