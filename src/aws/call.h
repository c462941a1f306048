// One request under way on a connection, and what the connection keeps for the next one: buffers, the tree of the
// request's JSON, the transaction.
//
// Threads: the loop that owns the connection, except while work that was handed to a worker or to the committer runs;
// then it is theirs alone, until they wake the exchange.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "aws/api_error.h"
#include "aws/caller_limits.h"
#include "aws/item_writes.h"
#include "aws/json_tree.h"
#include "base/clock.h"
#include "base/worker_pool.h"
#include "http/exchange.h"
#include "stream/streams.h"
#include "table/tables.h"

namespace quipu::aws {

struct Operation;

// What all requests share. Everything here outlives the front.
struct Context {
  table::Tables& tables;
  const stream::Streams& streams;
  WorkerPool& workers;
  const Clock& clock;
  std::string region;
  std::string account;
  std::string owned_table;         // of the counter API, which needs it: it cannot be deleted
  CallerLimits* limits = nullptr;  // none: everybody may ask without limit
  bool exactly_once = true;  // a write that comes again with its amz-sdk-invocation-id is answered as the first time
};

class Call final : private ItemWrites::Completion {
 public:
  Call(const Context& shared, http::Exchange& of_exchange) : context{shared}, exchange{of_exchange} {}

  // --- how an operation goes on; each at most once, as the last thing that it does on the loop
  // On a worker, which may wait for a disk. Refused if too much is waiting already.
  using Work = std::move_only_function<Answer<>(Call&)>;
  Answer<> run_on_worker(Work work);
  // Writes `writes`; then `make_answer` makes the body.
  Answer<> commit(ItemWrites::MakeAnswer make_answer);
  // Before commit: a second request of the caller with this token gets the first one's answer.
  void remember_token(std::string_view token);

  // The table of that name if it can be used, else ResourceNotFoundException.
  Answer<std::shared_ptr<const table::TableSchema>> find_table(std::string_view name_or_arn) const;

  const Context& context;
  http::Exchange& exchange;

  // --- the request
  const Operation* operation = nullptr;
  std::string text;  // its body
  JsonTree tree;     // views into `text`
  const JsonNode* input = nullptr;
  std::string caller;         // who asks: an access key id, empty where keys are off
  std::string host;           // as the request names us
  std::string invocation_id;  // of the SDK; empty if there is none

  // --- the answer
  std::string body;
  std::optional<ApiError> failure;  // instead of the body
  bool waiting = false;             // somebody else works on it, and will wake the exchange

  ItemWrites writes;

  // Lets go of the request. Only a connection whose request is under way owns much memory.
  void reset();
  static void trim(std::string& buffer);  // empties it; it keeps little

 private:
  void written() noexcept override { exchange.wake(); }
  table::RequestHash hash_of_request(std::string_view body_text) const;

  bool has_token_ = false;
};

}  // namespace quipu::aws
