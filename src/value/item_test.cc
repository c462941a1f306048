#include "value/item.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "value/value.h"

namespace quipu::value {
namespace {

std::vector<std::string> names(const Item& item) {
  std::vector<std::string> result;
  for (const Attribute& attribute : item) result.push_back(attribute.name);
  return result;
}

TEST(ItemTest, AttributesStandInTheOrderOfTheirNames) {
  Item item;
  for (const char* name : {"b", "a", "\xc3\xa9", "B", "ab", ""}) item.set(name, Value::string(name));
  EXPECT_EQ(names(item), (std::vector<std::string>{"", "B", "a", "ab", "b", "\xc3\xa9"}));
  for (const Attribute& attribute : item.attributes()) EXPECT_EQ(attribute.value.as_string(), attribute.name);
}

TEST(ItemTest, SetReplacesAndEraseTakesAway) {
  Item item;
  item.set("a", Value::number(1));
  item.set("a", Value::number(2));
  EXPECT_EQ(item.size(), 1u);
  EXPECT_EQ(*item.find("a"), Value::number(2));
  EXPECT_EQ(item.find("b"), nullptr);
  EXPECT_FALSE(item.erase("b"));
  EXPECT_TRUE(item.erase("a"));
  EXPECT_FALSE(item.erase("a"));
  EXPECT_TRUE(item.empty());
  EXPECT_EQ(item.find("a"), nullptr);
}

TEST(ItemTest, SlotIsTheValueOrANewNull) {
  Item item;
  item.slot("a").set_number(Number::from_int64(1));
  EXPECT_EQ(item.slot("a"), Value::number(1));
  EXPECT_EQ(item.slot("b"), Value::null());
  item.erase("a");
  EXPECT_EQ(item.slot("a"), Value::null()) << "nothing of an erased value comes back";
}

TEST(ItemTest, ClearedItemIsLikeANewOne) {
  Item item;
  item.set("a", Value::string("old"));
  item.set("b", Value::string("old"));
  item.clear();
  EXPECT_EQ(item, Item{});
  EXPECT_EQ(item.find("a"), nullptr);
  EXPECT_EQ(item.size_bytes(), 0u);
  item.set("b", Value::number(1));
  Item fresh;
  fresh.set("b", Value::number(1));
  EXPECT_EQ(item, fresh);
  const Item copy = item;
  EXPECT_EQ(copy, fresh);
}

TEST(ItemTest, MovedFromItemIsEmptyAndUsable) {
  Item item;
  item.set("a", Value::number(1));
  Item moved = std::move(item);
  EXPECT_TRUE(item.empty());  // NOLINT(bugprone-use-after-move): it is what this test is about
  EXPECT_EQ(item.find("a"), nullptr);
  item.set("b", Value::number(2));
  EXPECT_EQ(names(item), std::vector<std::string>{"b"});
  EXPECT_EQ(names(moved), std::vector<std::string>{"a"});
}

TEST(ItemTest, SizeIsNamesAndValues) {
  Item item;
  item.set("id", Value::string("orders"));
  item.set("lastValue", Value::number(100));
  EXPECT_EQ(item.size_bytes(), 2u + 6 + 9 + 2);
}

// Small and large items, searched in different ways, do what std::map does.
TEST(ItemTest, BehavesLikeAMap) {
  SeededRandom random{9};
  for (const std::uint64_t names_in_all : {4, 12, 60}) {
    Item item;
    std::map<std::string, std::int64_t> model;
    for (int step = 0; step < 5'000; ++step) {
      const std::string name = "name " + std::to_string(random.below(names_in_all));
      const auto number = static_cast<std::int64_t>(random());
      const std::uint64_t chance = random.below(50);
      if (chance == 0) {
        item.clear();
        model.clear();
      } else if (chance < 20) {
        ASSERT_EQ(item.erase(name), model.erase(name) == 1);
      } else {
        item.set(name, Value::number(number));
        model[name] = number;
      }
      ASSERT_EQ(item.size(), model.size());
      auto expected = model.begin();
      for (const Attribute& attribute : item) {
        ASSERT_EQ(attribute.name, expected->first);
        ASSERT_EQ(attribute.value, Value::number(expected->second));
        ASSERT_EQ(item.find(attribute.name), &attribute.value);
        ++expected;
      }
      ASSERT_EQ(item.find(name) != nullptr, model.contains(name));
    }
  }
}

}  // namespace
}  // namespace quipu::value
