// What a SELECT shows of an item: the item, or values by the last part of their paths ("m.k" as "k", "l[1]" as "l[1]").
#pragma once

#include <string>
#include <vector>

#include "aws/partiql_statement.h"
#include "expression/tree.h"
#include "value/value.h"

namespace quipu::aws::partiql {

// The name that the path's value gets.
std::string shown_name(const expression::Tree& tree, const expression::Path& path);

class Selection {
 public:
  Selection() = default;
  Selection(expression::Tree tree, std::vector<expression::Path> paths)
      : tree_{std::move(tree)}, paths_{std::move(paths)} {}

  bool shows_all() const { return paths_.empty(); }
  // Nothing but whole attributes.
  bool is_flat() const;
  // The top-level attributes, each once, in order.
  std::vector<std::string> attributes() const { return attributes_of(tree_, paths_); }
  std::vector<std::string> nested_attributes() const { return nested_attributes_of(tree_, paths_); }
  value::Item shown(const value::Item& item) const;

 private:
  expression::Tree tree_;
  std::vector<expression::Path> paths_;
};

}  // namespace quipu::aws::partiql
