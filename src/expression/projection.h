// ProjectionExpression and AttributesToGet: which parts of an item are wanted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expression/placeholders.h"
#include "expression/tree.h"

namespace quipu::expression {

// Paths that do not meet, in order.
class PathSet {
 public:
  PathSet() = default;
  PathSet(const Tree& tree, std::vector<Path> paths);

  // Puts what is at the paths into `to`, inside the lists and maps that it is in; lists close their gaps. The tree must
  // be the one that the set was made with.
  void pick(const Tree& tree, const value::Item& from, value::Item& to) const;

  const std::vector<Path>& sorted() const { return sorted_; }

 private:
  std::vector<Path> sorted_;
};

class Projection {
 public:
  static Result<Projection> parse(std::string_view text, Placeholders& placeholders);
  // AttributesToGet: whole attributes. Names that occur twice are for the caller to refuse.
  static Projection of_attributes(const std::vector<std::string>& names);

  void apply(const value::Item& from, value::Item& to) const { paths_.pick(tree_, from, to); }

  std::vector<std::string> attributes() const { return attributes_of(tree_, in_order_); }
  std::vector<std::string> nested_attributes() const { return nested_attributes_of(tree_, in_order_); }

 private:
  Projection(Tree tree, std::vector<Path> paths);

  Tree tree_;
  std::vector<Path> in_order_;
  PathSet paths_;
};

}  // namespace quipu::expression
