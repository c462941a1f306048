#include "table/key_codec.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/random.h"
#include "table/rows.h"

namespace quipu::table {
namespace {

using value::Item;
using value::Number;
using value::Value;

TableSchema string_table() {
  return {.name = "t", .id = 7, .partition_key = {.name = "id", .type = KeyType::string}};
}

TableSchema two_part_table(KeyType partition, KeyType sort) {
  return {.name = "t",
          .id = 7,
          .partition_key = {.name = "p", .type = partition},
          .sort_key = KeyAttribute{.name = "s", .type = sort}};
}

std::string encode(const TableSchema& schema, const Item& key) {
  std::string out;
  const auto done = key_codec::append_row_key(out, schema, key);
  EXPECT_TRUE(done) << done.error().message;
  return out;
}

// The bytes are on disks for ever.
TEST(KeyCodec, GoldenBytes) {
  Item one;
  one.set("id", Value::string("orders"));
  EXPECT_EQ(to_hex(encode(string_table(), one)),
            "03"
            "00000007"
            "6f7264657273");

  Item two;
  two.set("p", Value::string(std::string_view{"a\0b", 3}));
  two.set("s", Value::binary("\xff"));
  EXPECT_EQ(to_hex(encode(two_part_table(KeyType::string, KeyType::binary), two)),
            "03"
            "00000007"
            "6100ff62"
            "0001"
            "ff");
}

TEST(KeyCodec, TheWholeKeyAsAStringIsTheSameRow) {
  Item item;
  item.set("id", Value::string("orders"));
  std::string direct;
  key_codec::append_row_key(direct, string_table(), "orders");
  EXPECT_EQ(direct, encode(string_table(), item));
}

std::string random_bytes(SeededRandom& random) {
  std::string bytes;
  // Few different bytes, so that equal beginnings and zeros are common.
  for (std::uint64_t i = 0, n = 1 + random.below(6); i < n; ++i)
    bytes.push_back(
        "\x00\x01\xff"
        "a"[random.below(4)]);
  return bytes;
}

// What a query walks over: all of one partition together, in the order of the sort key.
TEST(KeyCodec, ByteOrderIsPartitionThenSortOrder) {
  SeededRandom random{1};
  const TableSchema schema = two_part_table(KeyType::binary, KeyType::binary);
  for (int round = 0; round < 20'000; ++round) {
    const std::pair a{random_bytes(random), random_bytes(random)};
    const std::pair b{random_bytes(random), random_bytes(random)};
    Item item_a, item_b;
    item_a.set("p", Value::binary(a.first));
    item_a.set("s", Value::binary(a.second));
    item_b.set("p", Value::binary(b.first));
    item_b.set("s", Value::binary(b.second));
    EXPECT_EQ(a < b, encode(schema, item_a) < encode(schema, item_b));
  }
}

TEST(KeyCodec, RowKeysReadBackAsTheirAttributes) {
  SeededRandom random{2};
  for (const KeyType partition : {KeyType::number, KeyType::binary}) {
    for (const KeyType sort : {KeyType::number, KeyType::binary}) {
      const TableSchema schema = two_part_table(partition, sort);
      for (int round = 0; round < 2'000; ++round) {
        const auto part = [&](KeyType type) {
          return type == KeyType::number ? Value::number(static_cast<std::int64_t>(random()))
                                         : Value::binary(random_bytes(random));
        };
        Item item;
        item.set("p", part(partition));
        item.set("s", part(sort));
        Item read;
        ASSERT_TRUE(key_codec::read_row_key(encode(schema, item), schema, read));
        EXPECT_EQ(read, item);
      }
    }
  }
}

TEST(KeyCodec, RefusesKeysThatTheTableDoesNotHave) {
  const auto refused = [](const Item& key) {
    std::string out;
    return !key_codec::append_row_key(out, string_table(), key);
  };
  Item missing, wrong_type, empty, too_long, longest;
  wrong_type.set("id", Value::number(1));
  empty.set("id", Value::string(""));
  too_long.set("id", Value::string(std::string(key_codec::partition_key_bytes_max + 1, 'x')));
  longest.set("id", Value::string(std::string(key_codec::partition_key_bytes_max, 'x')));
  EXPECT_TRUE(refused(missing));
  EXPECT_TRUE(refused(wrong_type));
  EXPECT_TRUE(refused(empty));
  EXPECT_TRUE(refused(too_long));
  EXPECT_FALSE(refused(longest));
}

TEST(KeyCodec, DamagedRowKeysAreNoticed) {
  const TableSchema schema = two_part_table(KeyType::string, KeyType::number);
  Item item;
  item.set("p", Value::string("a"));
  item.set("s", Value::number(5));
  const std::string good = encode(schema, item);
  Item read;
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(key_codec::read_row_key(good.substr(0, size), schema, read)) << size;
  EXPECT_FALSE(key_codec::read_row_key(good + 'x', schema, read));
}

TEST(Rows, TheEndOfAPrefixIsAboveAllThatStartsWithIt) {
  EXPECT_EQ(end_of_prefix("ab"), "ac");
  EXPECT_EQ(end_of_prefix("a\xff"), "b");
  EXPECT_EQ(end_of_prefix("\xff\xff"), "");
}

}  // namespace
}  // namespace quipu::table
