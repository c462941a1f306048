// What a Momento API key and an endpoint from the console say together: where the services are, and what to send them.
#pragma once

#include <string>

#include "base/result.h"
#include "remote/momento.h"

namespace quipu::remote::momento {

struct Access {
  std::string token;            // for the header `authorization`
  std::string cache_address;    // HOST:PORT
  std::string control_address;  // likewise
  bool tls = true;
};

Result<Access> read_access(const MomentoSettings& settings);

}  // namespace quipu::remote::momento
