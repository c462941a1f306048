#include "expression/projection.h"

#include <gtest/gtest.h>

#include "expression/test_support.h"

namespace quipu::expression {
namespace {

value::Item picked(std::string_view text, const value::Item& from) {
  Placeholders known = placeholders({{"#d", s("doc")}});
  const auto projection = Projection::parse(text, known);
  EXPECT_TRUE(projection) << text << ": " << message_of(projection);
  value::Item to;
  if (projection) projection->apply(from, to);
  return to;
}

std::string refusal(std::string_view text) {
  Placeholders none;
  return message_of(Projection::parse(text, none));
}

const value::Item& sample() {
  static const value::Item value =
      item({{"a", n("1")},
            {"elements", list({n("0"), n("1"), n("2"), n("3")})},
            {"doc", map({{"x", n("5")}, {"y", list({map({{"q", n("1")}, {"r", n("2")}}), n("9")})}})},
            {"grid", list({list({n("1"), n("2")}), list({n("3")})})}});
  return value;
}

TEST(Projection, TakesWholeAttributes) {
  EXPECT_EQ(picked("a, nope", sample()), item({{"a", n("1")}}));
  EXPECT_EQ(picked("#d.x", sample()), item({{"doc", map({{"x", n("5")}})}}));
}

TEST(Projection, KeepsWhatIsAroundAPathAndClosesGapsInLists) {
  EXPECT_EQ(picked("elements[3], elements[1]", sample()), item({{"elements", list({n("1"), n("3")})}}));
  EXPECT_EQ(picked("doc.y[1], doc.y[0].q, doc.x", sample()),
            item({{"doc", map({{"x", n("5")}, {"y", list({map({{"q", n("1")}}), n("9")})}})}}));
  EXPECT_EQ(picked("grid[1][0], grid[0][1]", sample()), item({{"grid", list({list({n("2")}), list({n("3")})})}}));
}

TEST(Projection, APathToNothingLeavesNothing) {
  EXPECT_EQ(picked("doc.nope, elements[9], a.x, grid[0][7]", sample()), value::Item{});
  EXPECT_EQ(picked("doc[0], elements.x, a[0]", sample()), value::Item{});
  EXPECT_EQ(picked("doc.y[0].nope, doc.x", sample()), item({{"doc", map({{"x", n("5")}})}}));
}

TEST(Projection, PathsThatMeetAreRefused) {
  const auto two_paths = [](std::string_view how, std::string_view one, std::string_view two) {
    return fmt::format(
        "Invalid ProjectionExpression: Two document paths {} with each other; must remove or rewrite one of these "
        "paths; path one: {}, path two: {}",
        how, one, two);
  };
  EXPECT_EQ(refusal("a, a"), two_paths("overlap", "[a]", "[a]"));
  EXPECT_EQ(refusal("a.b, a"), two_paths("overlap", "[a, b]", "[a]"));
  EXPECT_EQ(refusal("a, a.b, a.c"), two_paths("overlap", "[a]", "[a, c]"));
  EXPECT_EQ(refusal("a[0], a[0]"), two_paths("overlap", "[a, [0]]", "[a, [0]]"));
  EXPECT_EQ(refusal("a, b.c, b[0], b.c.d"), two_paths("conflict", "[b, [0]]", "[b, c, d]"));
  // Many paths are sorted first; the words are the same.
  EXPECT_EQ(refusal("c,d,e,f,g,h,i,j,k,l,a.b,a[1]"), two_paths("conflict", "[a, b]", "[a, [1]]"));
  EXPECT_EQ(refusal("#q, a, a"), two_paths("overlap", "[a]", "[a]"));
  EXPECT_EQ(refusal("c,d,e,f,g,h,i,j,k,l,a[0],a[1],a[2].b,a[2].c,b"), "no error");
}

TEST(Projection, MistakesHaveTheirMessages) {
  EXPECT_EQ(refusal(""), "Invalid ProjectionExpression: The expression can not be empty;");
  EXPECT_EQ(refusal("size(a)"), R"(Invalid ProjectionExpression: Syntax error; token: "(", near: "size(a")");
  EXPECT_EQ(refusal("#q, abort"),
            "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: abort");
  EXPECT_EQ(refusal("a, a, #q"),
            "Invalid ProjectionExpression: An expression attribute name used in the document path is not defined; "
            "attribute name: #q");
  EXPECT_EQ(refusal(std::string(expression_bytes_max + 1, 'a')),
            "Invalid ProjectionExpression: Expression size has exceeded the maximum allowed size;");
}

TEST(Projection, OfAttributesTakesNamesAsTheyAre) {
  const Projection projection = Projection::of_attributes({"a.b", "abort"});
  value::Item to;
  projection.apply(item({{"a", map({{"b", n("1")}})}, {"a.b", n("2")}, {"abort", n("3")}}), to);
  EXPECT_EQ(to, item({{"a.b", n("2")}, {"abort", n("3")}}));
  EXPECT_EQ(projection.attributes(), (std::vector<std::string>{"a.b", "abort"}));
  EXPECT_TRUE(projection.nested_attributes().empty());
}

}  // namespace
}  // namespace quipu::expression
