#include "expression/update.h"

#include <gtest/gtest.h>

#include "expression/test_support.h"

namespace quipu::expression {
namespace {

using Entries = std::initializer_list<std::pair<std::string_view, value::Value>>;

Update parsed(std::string_view text, Entries entries) {
  Placeholders known = placeholders(entries);
  auto update = Update::parse(text, known);
  EXPECT_TRUE(update) << text << ": " << message_of(update);
  return update ? *std::move(update) : Update{{}, {}, Update::Dialect::expression};
}

value::Item updated(std::string_view text, value::Item of, Entries entries = {}) {
  const auto result = parsed(text, entries).apply(of, SIZE_MAX);
  EXPECT_TRUE(result) << text << ": " << message_of(result);
  return of;
}

// Of parsing, or else of carrying it out; then the item must be as it was.
std::string refusal(std::string_view text, const value::Item& of = {}, Entries entries = {}) {
  Placeholders known = placeholders(entries);
  const auto update = Update::parse(text, known);
  if (!update) return message_of(update);
  value::Item after = of;
  const auto result = update->apply(after, SIZE_MAX);
  if (!result) {
    EXPECT_EQ(after, of) << text;
  }
  return message_of(result);
}

const std::string no_attribute = "The provided expression refers to an attribute that does not exist in the item";
const std::string wrong_type = "An operand in the update expression has an incorrect data type";
const std::string wrong_path = "The document path provided in the update expression is invalid for update";

TEST(Update, SetComputesAndDefaults) {
  EXPECT_EQ(updated("SET a = a + :v, c = :v - a", item({{"a", n("1")}}), {{":v", n("2.5")}}),
            item({{"a", n("3.5")}, {"c", n("1.5")}}));
  EXPECT_EQ(updated("SET a = if_not_exists(a, :z) + :v", {}, {{":z", n("0")}, {":v", n("1")}}), item({{"a", n("1")}}));
  EXPECT_EQ(updated("SET a = if_not_exists(a, :z) + :v", item({{"a", n("8")}}), {{":z", n("0")}, {":v", n("1")}}),
            item({{"a", n("9")}}));
  EXPECT_EQ(updated("set l = list_append(:v, l), k = list_append(if_not_exists(k, :v), :v)",
                    item({{"l", list({n("2")})}}), {{":v", list({n("1")})}}),
            item({{"l", list({n("1"), n("2")})}, {"k", list({n("1"), n("1")})}}));
}

TEST(Update, EverythingReadsTheItemAsItWas) {
  EXPECT_EQ(updated("SET a = b, b = a", item({{"a", n("1")}, {"b", s("x")}})), item({{"a", s("x")}, {"b", n("1")}}));
  EXPECT_EQ(updated("REMOVE m SET z = m.x ADD c :v", item({{"m", map({{"x", n("5")}})}}), {{":v", n("1")}}),
            item({{"z", n("5")}, {"c", n("1")}}));
  EXPECT_EQ(updated("SET m.y = m", item({{"m", map({{"x", n("5")}})}})),
            item({{"m", map({{"x", n("5")}, {"y", map({{"x", n("5")}})}})}}));
}

TEST(Update, IndexesMeanWhatTheyMeantBefore) {
  const value::Item before = item({{"l", list({n("1"), n("2"), n("3")})}});
  EXPECT_EQ(updated("SET l[5] = :a, l[3] = :b, l[9] = :c", before, {{":a", s("5")}, {":b", s("3")}, {":c", s("9")}}),
            item({{"l", list({n("1"), n("2"), n("3"), s("3"), s("5"), s("9")})}}));
  EXPECT_EQ(updated("REMOVE l[0], l[2]", before), item({{"l", list({n("2")})}}));
  EXPECT_EQ(updated("SET l[1] = :a, l[7] = :b REMOVE l[0]", before, {{":a", s("1")}, {":b", s("7")}}),
            item({{"l", list({s("1"), n("3"), s("7")})}}));
  EXPECT_EQ(updated("REMOVE l[0], l[9], l[1].x", item({{"l", list({n("1"), map({{"x", n("1")}, {"y", n("2")}})})}})),
            item({{"l", list({map({{"y", n("2")}})})}}));
  EXPECT_EQ(updated("SET l[0] = l[1], l[1] = l[0]", before), item({{"l", list({n("2"), n("1"), n("3")})}}));
}

TEST(Update, RemovingWhatIsNotThereChangesNothing) {
  const value::Item before = item({{"m", map({{"x", n("1")}})}});
  EXPECT_EQ(updated("REMOVE nope, m.nope", before), before);
  EXPECT_EQ(refusal("REMOVE nope.x", before), wrong_path);
  EXPECT_EQ(refusal("REMOVE m.x.y", before), wrong_path);
}

TEST(Update, AddAddsToNumbersAndSets) {
  EXPECT_EQ(updated("ADD a :n, b :n, c :s, d :s", item({{"a", n("1")}, {"c", ss({"a", "z"})}}),
                    {{":n", n("2")}, {":s", ss({"a", "b"})}}),
            item({{"a", n("3")}, {"b", n("2")}, {"c", ss({"a", "b", "z"})}, {"d", ss({"a", "b"})}}));
  EXPECT_EQ(refusal("ADD a :n", item({{"a", s("x")}}), {{":n", n("1")}}), wrong_type);
  EXPECT_EQ(refusal("ADD a :n", {}, {{":n", list({})}}),
            "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: "
            "LIST, typeSet: ALLOWED_FOR_ADD_OPERAND");
}

TEST(Update, DeleteTakesAwayAndAnEmptySetDisappears) {
  const value::Item before = item({{"a", ss({"a", "b"})}});
  EXPECT_EQ(updated("DELETE a :s", before, {{":s", ss({"b", "q"})}}), item({{"a", ss({"a"})}}));
  EXPECT_EQ(updated("DELETE a :s", before, {{":s", ss({"b", "a"})}}), value::Item{});
  EXPECT_EQ(updated("DELETE nope :s", before, {{":s", ss({"b"})}}), before);
  EXPECT_EQ(refusal("DELETE a :s", item({{"a", n("1")}}), {{":s", ss({"b"})}}), wrong_type);
  EXPECT_EQ(
      refusal("DELETE a :s", {}, {{":s", s("b")}}),
      "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: "
      "STRING, typeSet: ALLOWED_FOR_DELETE_OPERAND");
}

TEST(Update, WhatDoesNotFitTheItemIsAnError) {
  const value::Item before = item({{"a", n("1")}, {"m", map({})}, {"l", list({})}, {"t", s("x")}});
  EXPECT_EQ(refusal("SET z = nope", before), no_attribute);
  EXPECT_EQ(refusal("SET z = nope - t", before), no_attribute);
  EXPECT_EQ(refusal("SET z = if_not_exists(a, nope)", before), no_attribute);
  EXPECT_EQ(refusal("SET z = t - nope", before), wrong_type);
  EXPECT_EQ(refusal("SET z = list_append(l, a)", before), wrong_type);
  for (const std::string_view target : {"q.r", "a.b", "a[0]", "m[0]", "l.x", "l[0].x", "m.q.r"})
    EXPECT_EQ(refusal(fmt::format("SET {} = a", target), before), wrong_path) << target;
  EXPECT_EQ(refusal("SET a = a + :v", item({{"a", n("9E125")}}), {{":v", n("9E125")}}).substr(0, 15),
            "Number overflow");
}

TEST(Update, OperandsAreCheckedBeforeThereIsAnItem) {
  const auto wrong = [](std::string_view name, std::string_view type) {
    return fmt::format(
        "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: {}, operand "
        "type: {}",
        name, type);
  };
  EXPECT_EQ(refusal("SET a = a + :v", {}, {{":v", s("x")}}), wrong("+", "S"));
  EXPECT_EQ(refusal("SET a = list_append(:v, a)", {}, {{":v", n("1")}}), wrong("list_append", "N"));
  EXPECT_EQ(refusal("SET a = if_not_exists(:v, a)", {}, {{":v", n("1")}}),
            "Invalid UpdateExpression: Operator or function requires a document path; operator or function: "
            "if_not_exists");
  EXPECT_EQ(refusal("SET a = if_not_exists(a, a)"),
            "Invalid UpdateExpression: The first operand must be distinct from the remaining operands for this "
            "operator or function; operator: if_not_exists, first operand: [a]");
}

TEST(Update, MistakesAreToldInTheServicesOrder) {
  const auto invalid = [](std::string_view text) {
    const std::string message = refusal(text);
    EXPECT_TRUE(message.starts_with("Invalid UpdateExpression: ")) << text << ": " << message;
    return message.substr(std::min<std::size_t>(26, message.size()));
  };
  EXPECT_EQ(invalid("SET a = ((b)), abort = c"), "The expression has redundant parentheses;");
  EXPECT_EQ(invalid("SET a = foo(b) SET abort = c"), "Invalid function name; function: foo");
  EXPECT_EQ(invalid("SET a = size(b)"), "The function is not allowed in an update expression; function: size");
  EXPECT_EQ(invalid("SET a = list_append(list_append(b, c), d)"),
            "The function is not allowed to be used this way in an expression; function: list_append");
  EXPECT_EQ(invalid("SET a = abort SET b = c"), "Attribute name is a reserved keyword; reserved keyword: abort");
  EXPECT_EQ(invalid("SET a = :q REMOVE b SET c = d"),
            "The \"SET\" section can only be used once in an update expression;");
  EXPECT_EQ(invalid("SET a = :q, #q = b"),
            "An expression attribute name used in the document path is not defined; attribute name: #q");
  EXPECT_EQ(invalid("SET a = :q, a = b"),
            "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], "
            "path two: [a]");
  EXPECT_EQ(invalid("SET m.x = b, m[0] = c"),
            "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, x], "
            "path two: [m, [0]]");
  EXPECT_EQ(invalid("SET a = if_not_exists(b), c = :q"),
            "An expression attribute value used in expression is not defined; attribute value: :q");
}

TEST(Update, SyntaxErrorsShowTheTokenAndItsNeighbours) {
  const auto near = [](std::string_view text, std::string_view token, std::string_view neighbours) {
    EXPECT_EQ(refusal(text),
              fmt::format(R"(Invalid UpdateExpression: Syntax error; token: "{}", near: "{}")", token, neighbours));
  };
  near("SET a", "<EOF>", "a");
  near("FOO a", "FOO", "FOO a");
  near("SET a = b + c + d", "+", "c + d");
  near("SET a = (b + c) + d", "+", ") + d");
  near("SET a = if_not_exists(b, c + d)", "+", "c + d");
  near("SET (a) = b", "(", "SET (a");
  near("ADD a b", "b", "a b");
  near("SET a = b, REMOVE c", "REMOVE", ", REMOVE c");
  near("SET a = b SET", "<EOF>", "SET");
  near(" ", "<EOF>", " ");
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html, ReturnValues.
TEST(Update, PicksTheTouchedPathsOnly) {
  const auto picked = [](std::string_view text, const value::Item& from) {
    value::Item to;
    parsed(text, {{":v", n("1")}}).pick_updated(from, to);
    return to;
  };
  const value::Item from =
      item({{"a", map({{"b", s("dog")}, {"c", list({n("1"), n("2"), n("3")})}})}, {"d", s("cat")}});
  EXPECT_EQ(picked("SET a.c[1] = :v, a.b = :v", from), item({{"a", map({{"b", s("dog")}, {"c", list({n("2")})}})}}));
  EXPECT_EQ(picked("REMOVE a.c[2], a.c[7], d ADD z :v", from),
            item({{"a", map({{"c", list({n("3")})}})}, {"d", s("cat")}}));
  EXPECT_EQ(picked("SET a.x = :v", from), value::Item{});
}

TEST(Update, NamesWhatItTouches) {
  const Update update = parsed("SET b.x = c[0], a = :v REMOVE b.y", {{":v", n("1")}});
  EXPECT_EQ(update.attributes(), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(update.nested_attributes(), (std::vector<std::string>{"b", "c"}));
}

}  // namespace
}  // namespace quipu::expression
