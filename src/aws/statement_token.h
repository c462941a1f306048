// NextToken of ExecuteStatement: where a SELECT goes on. Base64 of
//
//   token := version(1), range (u32), has key (u8), key as an encoded item, check
//
// The check is a hash over the statement and all the bytes before: a token is good for its own statement, and one that
// was damaged on its way is noticed. It is no secret; whatever a forged one says is checked like any starting key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/api_error.h"
#include "value/value.h"

namespace quipu::aws {

struct StatementToken {
  std::uint32_t range = 0;         // of those that the statement walks
  std::optional<value::Item> key;  // go on behind it; else from the range's beginning
};

std::string encode_token(const StatementToken& token, std::string_view statement);
// "Invalid NextToken", if it is none of that statement.
Answer<StatementToken> decode_token(std::string_view text, std::string_view statement);

}  // namespace quipu::aws
