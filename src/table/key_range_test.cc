#include "table/key_range.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "table/index_rows.h"
#include "table/key_codec.h"

namespace quipu::table {
namespace {

using value::Item;
using value::Number;
using value::Value;

TableSchema two_part_table(KeyType sort) {
  TableSchema schema{.name = "t",
                     .id = 7,
                     .partition_key = {.name = "p", .type = KeyType::string},
                     .sort_key = KeyAttribute{.name = "s", .type = sort}};
  schema.indexes.push_back({.name = "i",
                            .id = 8,
                            .partition_key = {.name = "x", .type = KeyType::number},
                            .sort_key = KeyAttribute{.name = "s", .type = sort}});
  return schema;
}

// Short strings over few letters, 00 and FF among them: that is where encodings go wrong.
std::string random_bytes(SeededRandom& random) {
  constexpr std::string_view letters{"\0\x01\x7f", 3};
  std::string bytes;
  for (auto left = 1 + random.below(4); left > 0; --left) bytes.push_back(letters[random.below(letters.size())]);
  return bytes;
}

Value random_sort_key(SeededRandom& random, KeyType type) {
  if (type == KeyType::number) return Value::number(static_cast<std::int64_t>(random.below(2000)) - 1000);
  return type == KeyType::string ? Value::string(random_bytes(random)) : Value::binary(random_bytes(random));
}

bool meets(const Value& key, const SortCondition& sort) {
  const auto order = [&](const Value& bound) { return *value::compare(key, bound); };
  switch (sort.op) {
    case SortOperator::none: return true;
    case SortOperator::equal: return order(sort.first) == 0;
    case SortOperator::less: return order(sort.first) < 0;
    case SortOperator::less_or_equal: return order(sort.first) <= 0;
    case SortOperator::greater: return order(sort.first) > 0;
    case SortOperator::greater_or_equal: return order(sort.first) >= 0;
    case SortOperator::between: return order(sort.first) >= 0 && order(sort.second) <= 0;
    case SortOperator::begins_with:
      return key.is(Value::string("").type()) ? key.as_string().starts_with(sort.first.as_string())
                                              : key.as_binary().starts_with(sort.first.as_binary());
  }
  return false;
}

// A range holds exactly the rows whose keys meet the condition: for tables and indexes, every operator and key type.
TEST(KeyRange, HoldsWhatMeetsTheConditionAndNothingElse) {
  SeededRandom random{20260101};
  for (const KeyType type : {KeyType::string, KeyType::number, KeyType::binary}) {
    const TableSchema schema = two_part_table(type);
    for (int round = 0; round < 3000; ++round) {
      Item item;
      item.set("p", Value::string(random_bytes(random)));
      item.set("s", random_sort_key(random, type));
      item.set("x", Value::number(static_cast<std::int64_t>(random.below(3)) - 1));
      std::string row_key;
      ASSERT_TRUE(key_codec::append_row_key(row_key, schema, item));
      const auto index_row = make_index_row(schema, schema.indexes[0], row_key, item);
      ASSERT_TRUE(index_row);

      const bool numbers = type == KeyType::number;
      const SortCondition sort{.op = static_cast<SortOperator>(random.below(numbers ? 7 : 8)),
                               .first = random_sort_key(random, type),
                               .second = random_sort_key(random, type)};
      const bool wanted = meets(*item.find("s"), sort);
      for (const IndexSchema* index : {static_cast<const IndexSchema*>(nullptr), &schema.indexes[0]}) {
        const Value& partition = *item.find(index != nullptr ? "x" : "p");
        const auto range = partition_range(schema, index, partition, sort);
        ASSERT_TRUE(range) << range.error().message;
        const std::string& key = index != nullptr ? index_row->key : row_key;
        EXPECT_EQ(key >= range->first && key < range->end, wanted) << static_cast<int>(sort.op);
        const auto other = partition_range(
            schema, index,
            index != nullptr ? Value::number(std::int64_t{7}) : Value::string(random_bytes(random) + "z"), sort);
        ASSERT_TRUE(other);
        EXPECT_FALSE(key >= other->first && key < other->end);
      }
    }
  }
}

TEST(KeyRange, AWholeTableHoldsItsItemsAndNoOthers) {
  TableSchema schema = two_part_table(KeyType::string);
  Item item;
  item.set("p", Value::string("a"));
  item.set("s", Value::string("b"));
  std::string row_key;
  ASSERT_TRUE(key_codec::append_row_key(row_key, schema, item));
  const KeyRange mine = whole_range(schema, nullptr);
  EXPECT_TRUE(row_key >= mine.first && row_key < mine.end);
  schema.id = 8;
  const KeyRange other = whole_range(schema, nullptr);
  EXPECT_FALSE(row_key >= other.first && row_key < other.end);
}

}  // namespace
}  // namespace quipu::table
