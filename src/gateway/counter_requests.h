// What a request to the counter API asks for, read into a counter call. Pure: nothing here answers or waits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "counter/counter_call.h"
#include "http/message.h"

namespace quipu::gateway {

// Empty result: the request names no counter, which has an answer of its own.
enum class Named : bool { no, yes };

struct IncrementRequest {
  Named named = Named::yes;
  bool batch = false;  // the body was an array: the answer is one
};

// Which store the request names in its query; our own if it names none.
Result<std::string> read_store(const http::Request& request);

// `scratch` holds decoded names while they are read.
Result<IncrementRequest> read_increment(const http::Request& request, std::string& scratch, counter::CounterCall& call);

// GET, DELETE, watch: one counter named in the query.
Result<Named> read_one_counter(const http::Request& request, counter::CallKind kind, std::string& scratch,
                               counter::CounterCall& call);
Result<Named> read_set(const http::Request& request, std::string& scratch, counter::CounterCall& call);

struct ListRequest {
  std::string prefix;
  std::string after;
  std::size_t limit = 0;
};
Result<ListRequest> read_list(const http::Request& request);

// The JSON bodies on their own.
Result<> read_increment_array(std::string_view body, counter::CounterCall& call);
struct SetBody {
  std::int64_t value = 0;
  std::optional<std::int64_t> expected;
};
Result<SetBody> read_set_body(std::string_view body);

// The request's Idempotency-Key, or nothing; an error if it is malformed or there are two.
Result<std::optional<std::string_view>> read_idempotency_key(const http::Request& request);

}  // namespace quipu::gateway
