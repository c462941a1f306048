// How often may who has signed a request ask? Whoever wires the parts together knows; here it only has an answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "aws/api_error.h"
#include "http/exchange.h"

namespace quipu::aws {

class CallerLimits {
 public:
  // What a connection keeps for it.
  class Place {
   public:
    virtual ~Place() = default;
  };
  enum class Passage : std::uint8_t {
    open,
    later,  // the exchange is woken, and then it is to ask again
  };

  virtual ~CallerLimits() = default;
  virtual std::unique_ptr<Place> new_place(http::Exchange& exchange) = 0;
  // Counts a request, unless it is refused or has to wait. From all loops at once.
  virtual Answer<Passage> admit(std::string_view access_key_id, Place& place) = 0;
};

}  // namespace quipu::aws
