// The words that cannot stand for an attribute in an expression, in capitals or not: they need a "#name".
#pragma once

#include <string_view>

namespace quipu::expression {

bool is_reserved(std::string_view name);

}  // namespace quipu::expression
