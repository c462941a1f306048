// How a call on a counter is said to Redis, and what its replies mean. A bare increment without a limit is INCRBY, and
// a read is GETRANGE; all else is one script, so that looking and changing is one step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "remote/remote_call.h"
#include "remote/resp.h"

namespace quipu::remote {

enum class RedisForm : std::uint8_t {
  shortest,
  script,        // although a plain command could do it
  whole_script,  // Redis keeps scripts by their hash, and forgets them when it is started again
};

void append_redis_call(std::string& out, const RemoteCall& call, RedisForm form);

// What a reply makes of a call.
enum class RedisVerdict : std::uint8_t {
  answered,
  not_done,   // Redis says so; the call is not answered
  no_script,  // nothing happened: send the script whole
  overflow,   // nothing happened, and the value is not told: the script tells it
  moved,      // nothing happened: another node has the counter
  try_again,  // nothing happened: the counter is on its way to another node
  nonsense,   // it cannot be the reply to this; the call is not answered, and the connection is of no use any more
};

RedisVerdict take_redis_reply(RemoteCall& call, RedisForm form, const resp::Reply& reply);

std::string_view redis_script();
std::string_view redis_script_hash();  // as EVALSHA wants it

}  // namespace quipu::remote
