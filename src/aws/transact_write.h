// What transactions of items and of statements share.
#pragma once

#include "aws/call.h"

namespace quipu::aws {

inline constexpr std::chrono::minutes token_window{10};

// No item twice, and not too large.
Answer<> check_transaction(const ItemWrites& writes);
// Commits what `call.writes` holds, once for a token.
Answer<> commit_transaction(Call& call, std::string_view token, ItemWrites::MakeAnswer make_answer);
// TransactionCanceledException with the reason of each item.
std::unexpected<ApiError> transaction_failure(const ItemWrites& writes);

}  // namespace quipu::aws
