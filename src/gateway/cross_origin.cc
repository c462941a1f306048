#include "gateway/cross_origin.h"

#include <array>

namespace quipu::gateway {

namespace {

constexpr http::Header any_origin{"Access-Control-Allow-Origin", "*"};
// Without the second one a page does not see when to come again.
constexpr std::array answer_headers{any_origin, http::Header{"Access-Control-Expose-Headers", "Retry-After"}};
// A "*" would not cover Authorization, and some browsers do not know it. Those of AWS's SDKs are all of X-Amz-*.
constexpr std::string_view request_headers =
    "Content-Type, Authorization, X-Api-Key, Idempotency-Key, Last-Event-ID, X-Amz-Date, X-Amz-Target, "
    "X-Amz-Security-Token, X-Amz-Content-Sha256, X-Amz-User-Agent, Amz-Sdk-Invocation-Id, Amz-Sdk-Request";
constexpr std::string_view remembered_seconds = "86400";

}  // namespace

std::span<const http::Header> any_origin_headers() {
  return answer_headers;
}

void allow_any_origin(http::Exchange& exchange) {
  if (exchange.request().header("origin")) exchange.add_to_answer(answer_headers);
}

void respond_preflight(http::Exchange& exchange, std::string_view methods) {
  const std::array headers{any_origin, http::Header{"Access-Control-Allow-Methods", methods},
                           http::Header{"Access-Control-Allow-Headers", request_headers},
                           http::Header{"Access-Control-Max-Age", remembered_seconds}, http::Header{"Allow", methods}};
  exchange.respond(204, {}, {}, headers);
}

}  // namespace quipu::gateway
