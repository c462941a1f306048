// Asks a checked tree about an item. Nothing is allocated, and nothing can fail: what does not fit is just not so.
#pragma once

#include <span>

#include "expression/tree.h"
#include "value/value.h"

namespace quipu::expression {

// Null if there is nothing at the end of the path.
const value::Value* find(std::span<const Step> steps, const value::Item& item);

// Whether the condition below `node` holds.
bool matches(const Tree& tree, NodeIndex node, const value::Item& item);

// "contains(container, part)": a part of a string or binary, an element of a set or list.
bool contains(const value::Value& container, const value::Value& part);

}  // namespace quipu::expression
