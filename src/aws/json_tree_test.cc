#include "aws/json_tree.h"

#include <gtest/gtest.h>

#include <string>

namespace quipu::aws {
namespace {

std::string error_of(std::string_view text) {
  JsonTree tree;
  const auto root = tree.parse(text);
  return root ? "" : root.error().message;
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(JsonTree, KeepsEveryTypeOfValue) {
  JsonTree tree;
  const auto root = tree.parse(R"( {"s":"x", "n": -1.5e+3 ,"t":true,"f":false,"z":null,"a":[1,[],{}],"o":{"p":""}} )");
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)->members().size(), 7U);
  EXPECT_EQ((*root)->find("s")->text(), "x");
  EXPECT_EQ((*root)->find("n")->text(), "-1.5e+3");
  EXPECT_TRUE((*root)->find("t")->as_boolean());
  EXPECT_FALSE((*root)->find("f")->as_boolean());
  EXPECT_EQ((*root)->find("a")->elements().size(), 3U);
  EXPECT_TRUE((*root)->find("a")->elements()[1].is(JsonType::array));
  EXPECT_TRUE((*root)->find("a")->elements()[2].is(JsonType::object));
  EXPECT_EQ((*root)->find("o")->find("p")->text(), "");
}

TEST(JsonTree, MemberThatIsNullIsNotFound) {
  JsonTree tree;
  const auto root = tree.parse(R"({"a":null})");
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)->find("a"), nullptr);
  EXPECT_TRUE((*root)->members()[0].value.is_null());
}

std::string canonical(std::string_view text) {
  JsonTree tree;
  std::string out;
  append_canonical(out, **tree.parse(text));
  return out;
}

TEST(JsonTree, TextsThatSayTheSameHaveOneCanonicalText) {
  const std::string one = canonical(R"({"a":{"x":1,"y":[true,null,"é"]},"b":"2"})");
  EXPECT_EQ(canonical(R"( { "b" : "2", "c":null, "a":{"y":[true, null, "\u00e9"],"x":1} } )"), one);
  for (const char* other :
       {R"({"a":{"x":1,"y":[true,null,"é"]},"b":2})", R"({"a":{"x":1,"y":[null,true,"é"]},"b":"2"})",
        R"({"a":{"x":1,"y":[true,null,"é"],"b":"2"}})", R"({"a":{"x":1,"y":[true,"é"]},"b":"2"})"})
    EXPECT_NE(canonical(other), one) << other;
}

TEST(JsonTree, EscapesBecomeTheirCharacters) {
  JsonTree tree;
  const auto root = tree.parse(R"(["a\"\\\/\b\f\n\r\tz","\u0041\u00e4\u20ac\ud83d\ude00","ä€😀"])");
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)->elements()[0].text(), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ((*root)->elements()[1].text(), "Aä€😀");
  EXPECT_EQ((*root)->elements()[2].text(), "ä€😀");
}

TEST(JsonTree, LastOfMembersWithOneNameCounts) {
  JsonTree tree;
  auto root = tree.parse(R"({"a":1,"b":2,"a":3,"\u0061":4})");
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)->members().size(), 2U);
  EXPECT_EQ((*root)->find("a")->text(), "4");

  std::string large = "{";
  for (int i = 0; i < 100; ++i) large += "\"m" + std::to_string(i % 50) + "\":" + std::to_string(i) + ",";
  large += "\"\":0,\"\":1}";
  root = tree.parse(large);
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)->members().size(), 51U);
  EXPECT_EQ((*root)->find("m7")->text(), "57");
  EXPECT_EQ((*root)->find("")->text(), "1");
}

TEST(JsonTree, WhatIsNotJsonIsRefusedWithItsPlace) {
  EXPECT_EQ(error_of(""), "expected a value at byte 0, where the text ends");
  EXPECT_EQ(error_of("hi"), "expected a value at byte 0");
  EXPECT_EQ(error_of("{} {}"), "expected the end of the text at byte 3");
  EXPECT_EQ(error_of("[1,]"), "expected a value at byte 3");
  EXPECT_EQ(error_of("{\"a\":1,}"), "expected a member's name in quotes at byte 7");
  EXPECT_EQ(error_of("{\"a\" 1}"), "expected ':' at byte 5");
  EXPECT_EQ(error_of("{\"a\":1]"), "expected ',' or '}' at byte 6");
  for (const char* text : {"[1 2]",
                           "01",
                           "1.",
                           "1e",
                           "-",
                           "+1",
                           ".5",
                           "tru",
                           "nul",
                           "NaN",
                           "'a'",
                           "[",
                           "{",
                           "\"a",
                           "\"\\",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"\n\"",
                           "{1:2}",
                           "\"\xff\"",
                           "\"\xed\xa0\x80\"",
                           "{\"a\":1 \"b\":2}",
                           "]",
                           "/**/1"})
    EXPECT_NE(error_of(text), "") << text;
}

TEST(JsonTree, DepthHasALimit) {
  const auto nested = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  EXPECT_EQ(error_of(nested(json_tree_depth_max)), "");
  EXPECT_EQ(error_of("[" + nested(json_tree_depth_max) + "]"), "");  // the innermost is empty: nothing is inside it
  EXPECT_NE(error_of("[[" + nested(json_tree_depth_max) + "]]"), "");
  EXPECT_NE(error_of(repeated("[", 1'000'000)), "");
  EXPECT_NE(error_of(repeated("{\"a\":", 1'000'000)), "");
}

TEST(JsonTree, NumberOfValuesHasALimit) {
  const std::string many = "[" + repeated("0,", json_tree_nodes_max - 2) + "0]";
  EXPECT_EQ(error_of(many), "");
  EXPECT_NE(error_of("[" + many + "]"), "");
}

TEST(JsonTree, LargeRequestDoesNotKeepItsMemory) {
  JsonTree tree;
  ASSERT_TRUE(tree.parse("[" + repeated("\"\\u0041\",", 1'000'000) + "0]"));
  EXPECT_GT(tree.arena().reserved_bytes(), 16_MiB);
  ASSERT_TRUE(tree.parse("{}"));
  EXPECT_LE(tree.arena().reserved_bytes(), arena_kept_bytes_max);
}

TEST(Arena, MemoryIsUsedAgain) {
  Arena arena;
  const auto* const first = arena.array<char>(100).data();
  EXPECT_EQ(arena.array<char>(arena_chunk_bytes).size(), arena_chunk_bytes);
  const std::size_t reserved = arena.reserved_bytes();
  arena.reset();
  EXPECT_EQ(arena.array<char>(100).data(), first);
  EXPECT_EQ(arena.array<char>(arena_chunk_bytes).size(), arena_chunk_bytes);
  EXPECT_EQ(arena.reserved_bytes(), reserved);
}

}  // namespace
}  // namespace quipu::aws
