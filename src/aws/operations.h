// The operations of DynamoDB's API, as a table.
#pragma once

#include <string_view>

#include "aws/call.h"
#include "aws/shape.h"

namespace quipu::aws {

enum class Service : std::uint8_t { dynamodb, streams };

struct Operation {
  std::string_view name;
  const Shape& shape;
  Answer<> (*begin)(Call& call);
};

// Null if there is none of that name.
const Operation* find_operation(Service service, std::string_view name);

}  // namespace quipu::aws
