// Pages of any origin may ask: a browser's preflight is answered on every route, without a key, and an answer to a
// request that names its Origin says that the page may read it. A key is what lets a caller in, and no browser sends
// one by itself, so there is nothing to protect by allowing fewer origins.
#pragma once

#include <span>
#include <string_view>

#include "http/exchange.h"

namespace quipu::gateway {

// They let a page of any origin read the answer that has them.
std::span<const http::Header> any_origin_headers();

// For the answer to the request under way; nothing if it has no Origin.
void allow_any_origin(http::Exchange& exchange);

// Answers OPTIONS. `methods` are those of the route: "GET, PUT".
void respond_preflight(http::Exchange& exchange, std::string_view methods);

}  // namespace quipu::gateway
