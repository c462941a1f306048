#include "expression/condition.h"

#include <gtest/gtest.h>

#include "expression/syntax.h"
#include "expression/test_support.h"

namespace quipu::expression {
namespace {

using Entries = std::initializer_list<std::pair<std::string_view, value::Value>>;

bool holds(std::string_view text, const value::Item& of, Entries entries = {}) {
  Placeholders known = placeholders(entries);
  const auto condition = Condition::parse("ConditionExpression", text, known);
  EXPECT_TRUE(condition) << text << ": " << message_of(condition);
  EXPECT_TRUE(known.check_all_used()) << text << ": " << message_of(known.check_all_used());
  return condition && condition->matches(of);
}

// The message without "Invalid ConditionExpression: ".
std::string refusal(std::string_view text, Entries entries = {}) {
  Placeholders known = placeholders(entries);
  const std::string message = message_of(Condition::parse("ConditionExpression", text, known));
  constexpr std::string_view prefix = "Invalid ConditionExpression: ";
  EXPECT_TRUE(message.starts_with(prefix)) << text << ": " << message;
  return message.substr(std::min(prefix.size(), message.size()));
}

std::string repeated(std::string_view text, std::size_t times, std::string_view between = "") {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) {
    if (i != 0) result += between;
    result += text;
  }
  return result;
}

const value::Item& sample() {
  static const value::Item value = item({{"p", s("k")},
                                         {"num", n("5")},
                                         {"line", s("hello")},
                                         {"bytes", b("abc")},
                                         {"words", ss({"a", "b"})},
                                         {"elements", list({n("1"), s("x"), map({{"deep", n("7")}})})},
                                         {"doc", map({{"x", n("1")}, {"inside", list({s("y")})}})}});
  return value;
}

TEST(Condition, ComparesAttributesWithValuesAndWithEachOther) {
  EXPECT_TRUE(holds("num = :v", sample(), {{":v", n("5.0")}}));
  EXPECT_FALSE(holds("num <> :v", sample(), {{":v", n("5")}}));
  EXPECT_TRUE(holds("num < :v AND num <= :v AND NOT num > :v AND NOT num >= :v", sample(), {{":v", n("10")}}));
  EXPECT_TRUE(holds(":v < num", sample(), {{":v", n("4")}}));
  EXPECT_TRUE(holds("line <> num", sample()));
  EXPECT_FALSE(holds("line < num", sample()));
  EXPECT_TRUE(holds("words = :v", sample(), {{":v", ss({"b", "a"})}}));
}

TEST(Condition, AMissingAttributeIsOnlyUnequal) {
  EXPECT_FALSE(holds("nope = :v", sample(), {{":v", n("1")}}));
  EXPECT_FALSE(holds("nope < :v", sample(), {{":v", n("1")}}));
  EXPECT_TRUE(holds("nope <> :v", sample(), {{":v", n("1")}}));
  EXPECT_TRUE(holds("nope <> neither", sample()));
  EXPECT_FALSE(holds("nope IN (neither)", sample()));
  EXPECT_FALSE(holds("nope BETWEEN :v AND :v", sample(), {{":v", n("1")}}));
}

TEST(Condition, BetweenAndInIncludeTheirEnds) {
  EXPECT_TRUE(holds("num BETWEEN :a AND :b", sample(), {{":a", n("5")}, {":b", n("5")}}));
  EXPECT_FALSE(holds("num BETWEEN :a AND :b", sample(), {{":a", n("6")}, {":b", n("9")}}));
  EXPECT_TRUE(holds("num IN (:a, line, :b)", sample(), {{":a", s("5")}, {":b", n("5")}}));
  EXPECT_FALSE(holds("num in (:a)", sample(), {{":a", s("5")}}));
}

TEST(Condition, AndBindsTighterThanOrAndNotTightest) {
  EXPECT_TRUE(holds("num = :v OR nope = :v AND nope = :v", sample(), {{":v", n("5")}}));
  EXPECT_FALSE(holds("(num = :v OR nope = :v) AND nope = :v", sample(), {{":v", n("5")}}));
  EXPECT_TRUE(holds("not nope = :v and num = :v", sample(), {{":v", n("5")}}));
  EXPECT_TRUE(holds("NOT NOT (num) = (:v)", sample(), {{":v", n("5")}}));
}

TEST(Condition, FunctionsLookAtAttributes) {
  EXPECT_TRUE(holds("attribute_exists(doc.x) AND attribute_not_exists(doc.y)", sample()));
  EXPECT_TRUE(holds("attribute_type(words, :t)", sample(), {{":t", s("SS")}}));
  EXPECT_TRUE(holds("begins_with(line, :t) and begins_with(bytes, :b)", sample(), {{":t", s("he")}, {":b", b("ab")}}));
  EXPECT_FALSE(holds("begins_with(num, :t)", sample(), {{":t", s("5")}}));
  EXPECT_TRUE(holds("contains(line, :t)", sample(), {{":t", s("ell")}}));
  EXPECT_TRUE(holds("contains(words, :t) AND contains(elements, :e)", sample(), {{":t", s("a")}, {":e", s("x")}}));
  EXPECT_FALSE(holds("contains(num, :t)", sample(), {{":t", n("5")}}));
}

TEST(Condition, SizeCountsCharactersBytesAndElements) {
  EXPECT_TRUE(holds("size(line) = num", sample()));
  EXPECT_TRUE(holds("size(bytes) = :v AND size(elements) = :v", sample(), {{":v", n("3")}}));
  EXPECT_TRUE(holds("size(doc) = :v AND size(words) = :v", sample(), {{":v", n("2")}}));
  EXPECT_FALSE(holds("size(num) = :v", sample(), {{":v", n("1")}}));
  // One character of two bytes, one that Java counts as two.
  EXPECT_TRUE(holds("size(line) = :v", item({{"line", s("\xC3\xA9\xF0\x9F\x98\x80")}}), {{":v", n("3")}}));
}

TEST(Condition, PathsGoThroughListsAndMaps) {
  EXPECT_TRUE(holds("elements[2].deep = :v", sample(), {{":v", n("7")}}));
  EXPECT_TRUE(holds("#d.#i[0] = :v", sample(), {{"#d", s("doc")}, {"#i", s("inside")}, {":v", s("y")}}));
  EXPECT_FALSE(holds("attribute_exists(elements[3])", sample()));
  EXPECT_FALSE(holds("attribute_exists(doc[0]) OR attribute_exists(elements.x) OR attribute_exists(num.x)", sample()));
  // A placeholder's dots are part of the name.
  EXPECT_TRUE(holds("attribute_exists(#d)", item({{"a.b", n("1")}}), {{"#d", s("a.b")}}));
}

TEST(Condition, SyntaxErrorsShowTheTokenAndItsNeighbours) {
  const auto near = [](std::string_view text, std::string_view token, std::string_view neighbours) {
    EXPECT_EQ(refusal(text), fmt::format(R"(Syntax error; token: "{}", near: "{}")", token, neighbours));
  };
  near("a = ", "<EOF>", "= ");
  near("a   =\n   =  b", "=", "=\n   =  b");
  near("a[01] = b", "1", "01]");
  near("a = \"x\"", "\"", "= \"x");
  near("(a) and b = c", "and", ") and b");
  near("((a=b) and (c))", ")", "))");
  near("a = (b=c)", "=", "b=c");
  near("NOT (a)", "<EOF>", ")");
  near("size()=a", ")", "()=");
  near(":v.a = b", ".", ":v.a");
  near("set = a", "set", "set =");
  near("\xC3\xA9 = a", "\xC3\xA9", "\xC3\xA9 =");
  near("a = \xFF", "\xFF", "= \xFF");
}

TEST(Condition, MistakesAreToldInTheServicesOrder) {
  EXPECT_EQ(refusal("((abort = :q))"), "The expression has redundant parentheses;");
  EXPECT_EQ(refusal("((size(a))) = abort"), "The expression has redundant parentheses;");
  EXPECT_EQ(refusal("((a = b)) AND"), "The expression has redundant parentheses;");
  EXPECT_EQ(refusal("foo(abort)"), "Invalid function name; function: foo");
  EXPECT_EQ(refusal("size(a) AND foo(a)"),
            "The function is not allowed to be used this way in an expression; function: size");
  EXPECT_EQ(refusal("if_not_exists(a, b) and abort = b"),
            "The function is not allowed in a condition expression; function: if_not_exists");
  EXPECT_EQ(refusal("a[2147483648] = abort"), "List index is not within the allowable range; index: [2147483648]");
  EXPECT_EQ(refusal("abort = a AND foo(a)"), "Attribute name is a reserved keyword; reserved keyword: abort");
  EXPECT_EQ(refusal("#q = Abort"), "Attribute name is a reserved keyword; reserved keyword: Abort");
  EXPECT_EQ(refusal("#q = :q"),
            "An expression attribute name used in the document path is not defined; attribute name: #q");
  EXPECT_EQ(refusal(":q = #q"), "An expression attribute value used in expression is not defined; attribute value: :q");
}

TEST(Condition, OperandsAreCheckedBeforeThereIsAnItem) {
  const auto wrong = [](std::string_view name, std::string_view type) {
    return fmt::format("Incorrect operand type for operator or function; operator or function: {}, operand type: {}",
                       name, type);
  };
  EXPECT_EQ(refusal("a < :v", {{":v", list({})}}), wrong("<", "L"));
  EXPECT_EQ(refusal("begins_with(a, size(c))"), wrong("begins_with", "N"));
  EXPECT_EQ(refusal("size(:v) = a", {{":v", n("1")}}), wrong("size", "N"));
  EXPECT_EQ(refusal("attribute_type(a, c)"), wrong("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"));
  EXPECT_EQ(refusal("attribute_type(a, :v)", {{":v", s("zz")}}),
            "Invalid attribute type name found; type: zz, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}");
  EXPECT_EQ(refusal("attribute_exists(:v)", {{":v", n("1")}}),
            "Operator or function requires a document path; operator or function: attribute_exists");
  EXPECT_EQ(refusal("contains(a)"),
            "Incorrect number of operands for operator or function; operator or function: contains, number of "
            "operands: 1");
  EXPECT_EQ(refusal("a.c[0] = a.c[0]"),
            "The first operand must be distinct from the remaining operands for this operator or function; operator: "
            "=, first operand: [a, c, [0]]");
}

TEST(Condition, BoundsOfBetweenMustMakeARange) {
  EXPECT_EQ(refusal("a BETWEEN :x AND :y", {{":x", n("1")}, {":y", s("x")}}),
            "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: "
            "AttributeValue: {N:1}, "
            "upper bound operand: AttributeValue: {S:x}");
  EXPECT_EQ(refusal("a BETWEEN :x AND :y", {{":x", n("1")}, {":y", n("0")}}),
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound "
            "operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {N:0}");
}

TEST(Condition, EveryLimitIsReached) {
  const auto parses = [](const std::string& text) {
    Placeholders none;
    return message_of(Condition::parse("FilterExpression", text, none));
  };
  EXPECT_EQ(parses(""), "Invalid FilterExpression: The expression can not be empty;");
  EXPECT_EQ(parses("a" + std::string(expression_bytes_max - 3, ' ') + "=b"), "no error");
  EXPECT_EQ(parses("a" + std::string(expression_bytes_max - 2, ' ') + "=b"),
            "Invalid FilterExpression: Expression size has exceeded the maximum allowed size; expression size: 4097");
  EXPECT_EQ(parses(repeated("NOT ", operators_max - 1) + "a=b"), "no error");
  EXPECT_EQ(parses(repeated("a=b", 152, " AND ")),
            "Invalid FilterExpression: The expression contains too many operators; operator count: 301");
  EXPECT_EQ(parses("a IN (" + repeated("b", in_operands_max, ",") + ")"), "no error");
  EXPECT_EQ(parses("a IN (" + repeated("b", in_operands_max + 1, ",") + ")"),
            "Invalid FilterExpression: The IN operator is provided with too many operands; number of operands: 101");
  EXPECT_EQ(parses(repeated("a", path_steps_max, ".") + "=b"), "no error");
  EXPECT_EQ(parses(repeated("a", path_steps_max + 1, ".") + "=b"),
            "Invalid FilterExpression: The document path has too many nesting levels; nesting levels: 33");
}

// The parser recurses; nothing that fits into an expression may exhaust the stack.
TEST(Condition, TheDeepestNestingIsRefused) {
  for (const std::string_view opening : {"(", "f(", "NOT ", "a=b AND NOT ("})
    EXPECT_NE(refusal(repeated(opening, expression_bytes_max / opening.size())), "") << opening;
  EXPECT_EQ(refusal(repeated("size(", syntax_depth_max + 1)),
            "The expression contains too many operators; operator count: 301");
}

TEST(Condition, NamesItsAttributesOnceAndInOrder) {
  Placeholders known = placeholders({{"#x", s("x")}});
  const auto condition = Condition::parse("FilterExpression", "z = #x AND size(a.b) > z OR c[0] = a", known);
  ASSERT_TRUE(condition);
  EXPECT_EQ(condition->attributes(), (std::vector<std::string>{"z", "x", "a", "c"}));
  EXPECT_EQ(condition->nested_attributes(), (std::vector<std::string>{"a", "c"}));
}

}  // namespace
}  // namespace quipu::expression
