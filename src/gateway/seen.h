// Which members of a JSON object were there already, so that none is read twice: of two values nobody can say which one
// was meant.
#pragma once

#include "base/json_reader.h"

namespace quipu::gateway {

class Seen {
 public:
  // `member` is a number of the caller's, below 32. False, and the reader has failed: it was there before.
  bool first_time(unsigned member, JsonReader& json) {
    const unsigned bit = 1u << member;
    if ((seen_ & bit) != 0) return json.fail("expected each member once");
    seen_ |= bit;
    return true;
  }

 private:
  unsigned seen_ = 0;
};

}  // namespace quipu::gateway
