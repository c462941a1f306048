#include "aws/front.h"

#include "base/log.h"

namespace quipu::aws {

namespace {

constexpr std::size_t invocation_id_bytes_max = 128;  // SDKs send 36

}  // namespace

struct Front::Loop {
  wire::RequestIds request_ids;
};

class Front::Connection final : public http::Exchange::State {
 public:
  Connection(const Context& context, http::Exchange& exchange)
      : call{context, exchange}, place{context.limits != nullptr ? context.limits->new_place(exchange) : nullptr} {}

  void reset() {
    call.reset();
    Call::trim(inflated);
  }

  Call call;
  std::unique_ptr<CallerLimits::Place> place;  // null: there are no limits
  std::string inflated;
  SignatureScratch signature;
  wire::ReplyStyle style;
};

Front::Front(Context context, const CredentialSource* credentials, unsigned loops) : context_{std::move(context)} {
  if (credentials != nullptr) verifier_ = std::make_unique<SignatureVerifier>(*credentials);
  for (unsigned i = 0; i < loops; ++i) loops_.push_back(std::make_unique<Loop>());
}

Front::~Front() = default;

Front::Connection& Front::connection_of(http::Exchange& exchange) const {
  if (!exchange.state) exchange.state = std::make_unique<Connection>(context_, exchange);
  return static_cast<Connection&>(*exchange.state);
}

// Whoever has no key that is known here is not to fill our memory with a body first.
void Front::handle_head(http::Exchange& exchange) {
  if (verifier_ == nullptr || wire::entry_of(exchange.request()) != wire::Entry::operation) return;
  Connection& connection = connection_of(exchange);
  connection.style = wire::reply_style(exchange.request());
  auto checked = check_head(connection);
  if (checked) return;
  connection.call.failure = std::move(checked).error();
  reply(connection);
}

Answer<> Front::check_head(Connection& connection) const {
  Call& call = connection.call;
  QUIPU_CHECK(find_operation_of(call));
  return verifier_->check_head(call.exchange.request(), context_.clock.wall_ms(), connection.signature);
}

void Front::handle(http::Exchange& exchange) {
  Connection& connection = connection_of(exchange);
  const http::Request& request = exchange.request();
  wire::RequestIds& ids = loops_[exchange.loop_index()]->request_ids;
  connection.style = wire::reply_style(request);
  switch (wire::entry_of(request)) {
    case wire::Entry::operation: return handle_operation(connection);
    case wire::Entry::preflight: {
      const wire::PreflightHeaders headers{request, ids};
      return exchange.respond(200, {}, {}, headers.list());
    }
    case wire::Entry::health: {
      const std::string body = wire::health_body(context_.region);
      connection.style.content_type = "text/plain";
      const wire::ReplyHeaders headers{connection.style, body, ids};
      return exchange.respond(200, connection.style.content_type, body, headers.list());
    }
    case wire::Entry::unknown: {
      const wire::ReplyHeaders headers{connection.style, wire::unknown_body, ids};
      return exchange.respond(404, {}, wire::unknown_body, headers.list());
    }
  }
}

void Front::handle_operation(Connection& connection) {
  Call& call = connection.call;
  call.waiting = false;  // it was true if this request was postponed and comes again
  if (auto begun = begin(connection); !begun) call.failure = std::move(begun).error();
  if (!call.waiting) reply(connection);
}

Answer<> Front::find_operation_of(Call& call) {
  QUIPU_TRY(const wire::Target target, wire::read_target(call.exchange.request()));
  const Service service = target.api == wire::Api::dynamodb ? Service::dynamodb : Service::streams;
  call.operation = find_operation(service, target.operation);
  if (call.operation == nullptr) return refuse(ErrorType::unknown_operation);
  return {};
}

Answer<> Front::begin(Connection& connection) {
  Call& call = connection.call;
  const http::Request& request = call.exchange.request();
  QUIPU_CHECK(find_operation_of(call));
  QUIPU_CHECK(authenticate(connection));
  if (connection.place != nullptr) {
    QUIPU_TRY(const auto passage, context_.limits->admit(call.caller, *connection.place));
    if (passage == CallerLimits::Passage::later) {
      call.waiting = true;
      call.exchange.postpone();
      return {};
    }
  }
  QUIPU_TRY(const std::string_view body, wire::read_body(request, connection.inflated));
  call.text = body;
  call.host = request.header("host").value_or("");
  const std::string_view invocation = request.header("amz-sdk-invocation-id").value_or("");
  if (invocation.size() <= invocation_id_bytes_max) call.invocation_id = invocation;

  const auto parsed = call.tree.parse(call.text);
  if (!parsed) return refuse(ErrorType::serialization);
  call.input = *parsed;
  QUIPU_CHECK(check_input(call.operation->shape, *call.input));
  return call.operation->begin(call);
}

Answer<> Front::authenticate(Connection& connection) const {
  Call& call = connection.call;
  call.caller.clear();
  if (verifier_ == nullptr) return {};
  QUIPU_TRY(const Signer signer,
            verifier_->verify(call.exchange.request(), context_.clock.wall_ms(), connection.signature));
  call.caller = signer.access_key_id;
  return {};
}

void Front::resume(http::Exchange& exchange) {
  reply(static_cast<Connection&>(*exchange.state));
}

void Front::reply(Connection& connection) {
  Call& call = connection.call;
  int status = 200;
  if (call.failure) {
    status = call.failure->status();
    write_body(*call.failure, call.body);
  }
  const wire::ReplyHeaders headers{connection.style, call.body, loops_[call.exchange.loop_index()]->request_ids};
  if (status >= 500)
    log_warning("request_failed", {{"operation", call.operation != nullptr ? call.operation->name : ""},
                                   {"request_id", headers.request_id()},
                                   {"error", call.failure->message}});
  call.exchange.respond(status, connection.style.content_type, call.body, headers.list());
  connection.reset();
}

}  // namespace quipu::aws
