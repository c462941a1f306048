// Operations on change streams.
#pragma once

#include "aws/call.h"

namespace quipu::aws {

Answer<> begin_list_streams(Call& call);
Answer<> begin_describe_stream(Call& call);
Answer<> begin_get_shard_iterator(Call& call);
Answer<> begin_get_records(Call& call);

}  // namespace quipu::aws
