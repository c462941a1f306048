#include "value/value.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace quipu::value {
namespace {

Number number(std::string_view text) {
  return Number::parse(text).value();
}

Value string_set(std::vector<std::string> elements) {
  return Value::string_set(std::move(elements)).value();
}

// One value of each of the ten types.
std::vector<Value> one_of_each() {
  Item members;
  members.set("a", Value::number(1));
  return {Value::null(),
          Value::boolean(true),
          Value::number(number("1.5")),
          Value::string("text"),
          Value::binary("text"),
          string_set({"text"}),
          Value::number_set({number("1.5")}).value(),
          Value::binary_set({"text"}).value(),
          Value::list({Value::string("text")}),
          Value::map(std::move(members))};
}

static_assert(std::is_nothrow_move_constructible_v<Value> && std::is_nothrow_move_assignable_v<Value>);
static_assert(sizeof(Value) <= 40, "a value is a string and its type, no more");

TEST(ValueTest, EveryTypeHasItsNameAndEqualsOnlyItself) {
  const std::vector<Value> values = one_of_each();
  const char* names[] = {"NULL", "BOOL", "N", "S", "B", "SS", "NS", "BS", "L", "M"};
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(values[i].type()), i);
    EXPECT_EQ(dynamodb_name(values[i].type()), names[i]);
    const std::vector<Value> others = one_of_each();
    for (std::size_t j = 0; j < others.size(); ++j) EXPECT_EQ(values[i] == others[j], i == j) << names[i] << names[j];
  }
}

TEST(ValueTest, CopiesAreEqualAndIndependent) {
  for (const Value& value : one_of_each()) {
    Value copy = value;
    EXPECT_EQ(copy, value);
    Value moved = std::move(copy);
    EXPECT_EQ(moved, value);
    moved = Value::string("something else entirely, and long");
    EXPECT_NE(moved, value);
    moved = value;
    EXPECT_EQ(moved, value);
  }
  Value list = Value::list({Value::number(1)});
  const Value before = list;
  list.as_list()[0].set_number(Number::from_int64(2));
  EXPECT_EQ(before.as_list()[0].as_number(), Number::from_int64(1));
}

// An update may lift a part of a value to where the value was.
TEST(ValueTest, PartOfItselfMayBeAssigned) {
  Value value = Value::list({Value::list({Value::string("the innermost text, longer than a small string")})});
  value = value.as_list()[0];
  EXPECT_EQ(value, Value::list({Value::string("the innermost text, longer than a small string")}));
  value = std::move(value.as_list()[0]);
  EXPECT_EQ(value, Value::string("the innermost text, longer than a small string"));

  Item inner;
  inner.set("x", Value::number(1));
  Item item;
  item.set("map", Value::map(inner));
  item = item.find("map")->as_map();
  EXPECT_EQ(item, inner);
}

TEST(ValueTest, NumbersAreEqualByValue) {
  EXPECT_EQ(Value::number(number("1.0")), Value::number(1));
  EXPECT_NE(Value::number(1), Value::string("1"));
}

TEST(ValueTest, SetsAreEqualWhateverTheOrder) {
  EXPECT_EQ(string_set({"b", "a", "c"}), string_set({"c", "b", "a"}));
  EXPECT_NE(string_set({"a", "b"}), string_set({"a", "b", "c"}));
  EXPECT_EQ(Value::number_set({number("10"), number("9")}).value(),
            Value::number_set({number("9.0"), number("1e1")}).value());
  EXPECT_NE(Value::list({Value::number(1), Value::number(2)}), Value::list({Value::number(2), Value::number(1)}));
}

TEST(ValueTest, SetsAreKeptSorted) {
  EXPECT_EQ(string_set({"b", "", "B", "\xff", "a"}).as_string_set(),
            (std::vector<std::string>{"", "B", "a", "b", "\xff"}));
  const std::vector<Number> sorted{number("-5"), number("0.5"), number("9"), number("10")};
  EXPECT_EQ(Value::number_set({number("10"), number("0.5"), number("9"), number("-5")})->as_number_set(), sorted);
}

TEST(ValueTest, EmptySetsAndRepeatedElementsAreRefused) {
  EXPECT_EQ(Value::string_set({}).error().message,
            "One or more parameter values were invalid: An string set  may not be empty");
  EXPECT_EQ(Value::number_set({}).error().message,
            "One or more parameter values were invalid: An number set  may not be empty");
  EXPECT_EQ(Value::binary_set({}).error().message,
            "One or more parameter values were invalid: Binary sets should not be empty");
  EXPECT_EQ(Value::string_set({"a", "b", "a"}).error().code, ErrorCode::invalid_argument);
  EXPECT_FALSE(Value::number_set({number("1"), number("1.0")}).has_value());
  EXPECT_FALSE(Value::binary_set({"", ""}).has_value());
}

TEST(ValueTest, OnlyStringsNumbersAndBinariesHaveAnOrder) {
  EXPECT_EQ(compare(Value::number(9), Value::number(10)), std::strong_ordering::less);
  EXPECT_EQ(compare(Value::string("9"), Value::string("10")), std::strong_ordering::greater);
  EXPECT_EQ(compare(Value::string("\x7f"), Value::string("\xc3\xa9")), std::strong_ordering::less);
  EXPECT_EQ(compare(Value::binary("\xff"), Value::binary("\x01")), std::strong_ordering::greater);
  EXPECT_EQ(compare(Value::string("a"), Value::string("a")), std::strong_ordering::equal);
  EXPECT_EQ(compare(Value::string("a"), Value::binary("a")), std::nullopt);
  EXPECT_EQ(compare(Value::boolean(false), Value::boolean(true)), std::nullopt);
  EXPECT_EQ(compare(Value::null(), Value::null()), std::nullopt);
}

TEST(ValueTest, ChangesInPlaceToAnyType) {
  for (Value value : one_of_each()) {
    value.set_string("s");
    EXPECT_EQ(value, Value::string("s"));
    value.set_string("t");
    EXPECT_EQ(value, Value::string("t"));
    value.set_binary("b");
    EXPECT_EQ(value, Value::binary("b"));
    value.set_number(number("2.5"));
    EXPECT_EQ(value, Value::number(number("2.5")));
    value.set_boolean(false);
    EXPECT_EQ(value, Value::boolean(false));
    value.set_list().push_back(Value::null());
    EXPECT_EQ(value, Value::list({Value::null()}));
    EXPECT_TRUE(value.set_list().empty());
    value.set_map().set("k", Value::number(1));
    EXPECT_EQ(value.as_map().size(), 1u);
    EXPECT_TRUE(value.set_map().empty());
    value.set_null();
    EXPECT_EQ(value, Value::null());
  }
}

TEST(ValueTest, AskingGentlyGivesNullForAnotherType) {
  EXPECT_EQ(Value::string("1").if_number(), nullptr);
  EXPECT_EQ(Value::number(1).if_string(), nullptr);
  const Value one = Value::number(1);
  EXPECT_EQ(*one.if_number(), Number::from_int64(1));
}

TEST(ValueDeathTest, AskingForAnotherTypeAborts) {
  EXPECT_DEATH(static_cast<void>(Value::string("1").as_number()), "is\\(Type::number\\).*S");
  EXPECT_DEATH(static_cast<void>(Value::number(1).as_map()), "is\\(Type::map\\).*N");
}

// docs/formats/item.md, "Size".
TEST(ValueSize, IsWhatDynamoDbCounts) {
  EXPECT_EQ(Value::null().size_bytes(), 1u);
  EXPECT_EQ(Value::boolean(true).size_bytes(), 1u);
  EXPECT_EQ(Value::string("caf\xc3\xa9").size_bytes(), 5u);
  EXPECT_EQ(Value::string("").size_bytes(), 0u);
  EXPECT_EQ(Value::binary(std::string(7, '\0')).size_bytes(), 7u);
  EXPECT_EQ(Value::number(number("-42")).size_bytes(), 3u);
  EXPECT_EQ(string_set({"ab", "cde"}).size_bytes(), 5u);
  EXPECT_EQ(Value::number_set({number("1"), number("100.5")})->size_bytes(), 6u);
  EXPECT_EQ(Value::list({}).size_bytes(), 3u);
  EXPECT_EQ(Value::list({Value::string("aa"), Value::null()}).size_bytes(), 3u + 3 + 2);
  Item members;
  EXPECT_EQ(Value::map(members).size_bytes(), 3u);
  members.set("name", Value::string("aa"));
  EXPECT_EQ(Value::map(members).size_bytes(), 3u + 1 + 4 + 2);
  EXPECT_EQ(Value::list({Value::map(members)}).size_bytes(), 3u + 1 + 10);
}

TEST(ValueDepth, CountsListsAndMapsInsideEachOther) {
  EXPECT_EQ(Value::number(1).nesting_depth(), 0u);
  EXPECT_EQ(string_set({"a"}).nesting_depth(), 0u);
  EXPECT_EQ(Value::list({}).nesting_depth(), 1u);
  Item members;
  members.set("flat", Value::null());
  members.set("deep", Value::list({Value::list({})}));
  EXPECT_EQ(Value::map(members).nesting_depth(), 3u);
  EXPECT_EQ(members.nesting_depth(), 2u);
}

}  // namespace
}  // namespace quipu::value
