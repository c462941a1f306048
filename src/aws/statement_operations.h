// ExecuteStatement, BatchExecuteStatement and ExecuteTransaction: PartiQL. Each function begins one, as those in
// item_operations.h do.
#pragma once

#include "aws/call.h"

namespace quipu::aws {

Answer<> begin_execute_statement(Call& call);
Answer<> begin_batch_execute_statement(Call& call);
Answer<> begin_execute_transaction(Call& call);

}  // namespace quipu::aws
