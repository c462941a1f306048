// Counters in a Momento cache: the item `id` is the number in decimal. `Increment` increments; with a limit it is
// compare-and-set in a bounded loop. Momento keeps nothing that tells a repeated call from a new one: what was lost on
// its way is "outcome unknown".
#pragma once

#include "remote/link.h"

namespace quipu::remote {

struct MomentoSettings {
  std::string api_key;
  std::string endpoint;  // HOST[:PORT], with cache. and control. before it; an address as it is; http:// without TLS
  std::string cache = "cache";
};

Result<std::unique_ptr<Remote>> make_momento(const MomentoSettings& settings);

}  // namespace quipu::remote
