#include "expression/placeholders.h"

#include <gtest/gtest.h>

#include "expression/test_support.h"

namespace quipu::expression {
namespace {

std::string refusal(std::initializer_list<std::pair<std::string_view, value::Value>> entries) {
  return message_of(placeholders(entries).check());
}

TEST(Placeholders, AParameterThatIsThereIsNotEmpty) {
  Placeholders known;
  EXPECT_TRUE(known.check());
  known.expect_values();
  EXPECT_EQ(message_of(known.check()), "ExpressionAttributeValues must not be empty");
  known.expect_names();
  EXPECT_EQ(message_of(known.check()), "ExpressionAttributeNames must not be empty");
}

TEST(Placeholders, KeysHaveTheirSyntax) {
  for (const std::string key : {"#", "#a-b", "##", "#x y", "#\xC3\xA9"})
    EXPECT_EQ(refusal({{key, s("a")}}),
              "ExpressionAttributeNames contains invalid key: Syntax error; key: \"" + key + "\"");
  EXPECT_EQ(refusal({{"n", n("1")}}), R"(ExpressionAttributeValues contains invalid key: Syntax error; key: "n")");
  EXPECT_EQ(refusal({{"", n("1")}}),
            "ExpressionAttributeValues contains invalid key: The expression attribute map contains an empty key;");
  EXPECT_EQ(refusal({{"#1", s("a")}, {":_", n("1")}}), "no error");
}

TEST(Placeholders, KeysAndNamesHaveALargestLength) {
  const std::string longest = "#" + std::string(placeholder_bytes_max - 1, 'x');
  EXPECT_EQ(refusal({{longest, s("a")}}), "no error");
  EXPECT_EQ(refusal({{longest + "x", s("a")}}),
            "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too "
            "long; size of key: 256");
  EXPECT_EQ(refusal({{"#x", s("")}}),
            "ExpressionAttributeNames contains invalid value: Empty attribute name for key #x");
  EXPECT_EQ(refusal({{"#x", s(std::string(attribute_name_bytes_max + 1, 'a'))}}),
            "ExpressionAttributeNames contains invalid value: Attribute name is too large, must be less than 65536 "
            "bytes for key #x");
}

TEST(Placeholders, WhatIsUnusedIsListedAsTheServiceListsIt) {
  Placeholders known = placeholders({{"#a", s("a")}, {"#b", s("b")}, {"#c", s("c")}, {":d", n("1")}, {":c", n("2")}});
  EXPECT_EQ(message_of(known.check_all_used()),
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#c, #a, #b}");
  for (const std::string_view name : {"#a", "#b", "#c"}) ASSERT_NE(known.use_name(name), nullptr);
  EXPECT_EQ(message_of(known.check_all_used()),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:c, :d}");
  EXPECT_EQ(*known.use_value(":d"), n("1"));
  EXPECT_EQ(*known.use_value(":c"), n("2"));
  EXPECT_TRUE(known.check_all_used());
  EXPECT_EQ(known.use_value(":e"), nullptr);
  EXPECT_EQ(known.use_name("#d"), nullptr);
}

}  // namespace
}  // namespace quipu::expression
