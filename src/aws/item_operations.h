// Operations on single items, and on several at once. Each function begins one: it reads the request, then either makes
// the answer, or hands over to a worker or the committer.
#pragma once

#include "aws/call.h"

namespace quipu::aws {

Answer<> begin_put_item(Call& call);
Answer<> begin_update_item(Call& call);
Answer<> begin_delete_item(Call& call);
Answer<> begin_get_item(Call& call);
Answer<> begin_batch_write_item(Call& call);
Answer<> begin_batch_get_item(Call& call);
Answer<> begin_transact_write_items(Call& call);
Answer<> begin_transact_get_items(Call& call);

}  // namespace quipu::aws
