#include "remote/momento_link.h"

#include <limits>

#include "base/text.h"

namespace quipu::remote::momento {

namespace {

using counter::CallKind;
using counter::CallOutcome;
using grpc::StatusCode;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// Nobody's counter: looked up only to see whether the service answers.
constexpr std::string_view probe_key = "quipu-probe";

// No single step passes what 64 bits hold without the value being odd before: steps beyond it are compared and set.
constexpr std::int64_t single_step_max = std::int64_t{1} << 40;

std::shared_ptr<grpc::Channel> open_channel(const std::string& address, bool tls) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // or all links would share a connection
  arguments.SetInt(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, 1 << 20);
  const auto credentials =
      tls ? grpc::SslCredentials(grpc::SslCredentialsOptions{}) : grpc::InsecureChannelCredentials();
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

std::string what(const grpc::Status& status) {
  return fmt::format("{} (gRPC status {})", status.error_message(), static_cast<int>(status.error_code()));
}

// The service looked at the request and would not do it.
bool refused(StatusCode code) {
  switch (code) {
    case StatusCode::INVALID_ARGUMENT:
    case StatusCode::NOT_FOUND:
    case StatusCode::ALREADY_EXISTS:
    case StatusCode::PERMISSION_DENIED:
    case StatusCode::RESOURCE_EXHAUSTED:
    case StatusCode::FAILED_PRECONDITION:
    case StatusCode::OUT_OF_RANGE:
    case StatusCode::UNIMPLEMENTED:
    case StatusCode::UNAUTHENTICATED: return true;
    default: return false;
  }
}

}  // namespace

void MomentoLink::begin(grpc::ClientContext& context) const {
  context.AddMetadata("authorization", shared_.access.token);
  context.AddMetadata("cache", shared_.cache);
  context.AddMetadata("agent", "quipu:cache:0.1");
  context.set_deadline(system_clock::now() + shared_.limits.call);
}

Result<> MomentoLink::connect() {
  broken_.reset();
  channel_ = open_channel(shared_.access.cache_address, shared_.access.tls);
  cache_ = cache_client::Scs::NewStub(channel_);
  if (!channel_->WaitForConnected(system_clock::now() + shared_.limits.connect))
    return fail(ErrorCode::unavailable, "{} does not answer", shared_.access.cache_address);
  auto answered = ping();
  if (answered || answered.error().code != ErrorCode::not_found) return answered;
  QUIPU_TRY([[maybe_unused]] const bool made, make_cache());
  return ping();
}

Result<> MomentoLink::ping() {
  Item item;
  const grpc::Status status = get(probe_key, item);
  if (status.ok()) return {};
  const bool no_cache = status.error_code() == StatusCode::NOT_FOUND;
  return fail(no_cache ? ErrorCode::not_found : ErrorCode::unavailable, "{}", what(status));
}

Result<bool> MomentoLink::make_cache() {
  const auto channel = open_channel(shared_.access.control_address, shared_.access.tls);
  const auto control = control_client::ScsControl::NewStub(channel);
  grpc::ClientContext context;
  begin(context);
  context.set_wait_for_ready(true);
  control_client::_CreateCacheRequest request;
  request.set_cache_name(shared_.cache);
  control_client::_CreateCacheResponse response;
  const grpc::Status status = control->CreateCache(&context, request, &response);
  if (status.ok()) return true;
  if (status.error_code() == StatusCode::ALREADY_EXISTS) return false;
  return fail(ErrorCode::unavailable, "the cache {:?} is not there and cannot be made: {}", shared_.cache,
              what(status));
}

// What is not connected has not been sent: the only case in which gRPC leaves no doubt. A service that has told a
// connection to go, as they do now and then, is simply connected again.
bool MomentoLink::ready() const {
  const auto state = channel_->GetState(false);
  if (state == GRPC_CHANNEL_IDLE) return channel_->WaitForConnected(system_clock::now() + shared_.limits.connect);
  return state == GRPC_CHANNEL_READY;
}

Result<> MomentoLink::run(std::span<RemoteCall* const> calls) {
  for (RemoteCall* call : calls) {
    if (!broken_ && !ready())
      broken_ =
          Error{ErrorCode::unavailable, fmt::format("the connection to {} is gone", shared_.access.cache_address)};
    if (broken_) {
      call->failed({ErrorCode::unavailable, broken_->message});
      continue;
    }
    deadline_ = steady_clock::now() + shared_.limits.call;
    answer(*call);
  }
  if (broken_) return std::unexpected(*broken_);
  return {};
}

void MomentoLink::answer(RemoteCall& call) {
  if (!call.marker().empty())
    return call.failed({ErrorCode::invalid_argument,
                        "Momento keeps nothing by which a retry could be told from a new request: send no "
                        "Idempotency-Key to the store momento"});
  switch (call.kind()) {
    case CallKind::read: return read(call);
    case CallKind::increment: return increment(call);
    case CallKind::set: return set(call);
    default: return erase(call);
  }
}

void MomentoLink::failed(RemoteCall& call, const grpc::Status& status, bool writes) {
  const bool sure = refused(status.error_code());
  call.failed({sure || !writes ? ErrorCode::unavailable : ErrorCode::outcome_unknown, what(status)});
  if (!sure) broken_ = call.error();
}

grpc::Status MomentoLink::get(std::string_view key, Item& item) {
  grpc::ClientContext context;
  begin(context);
  cache_client::_GetRequest request;
  request.set_cache_key(key.data(), key.size());
  cache_client::_GetResponse response;
  grpc::Status status = cache_->Get(&context, request, &response);
  if (!status.ok()) return status;
  item.there = response.result() == cache_client::Hit;
  item.body = std::move(*response.mutable_cache_body());
  item.number = item.there ? parse_int64(item.body) : 0;
  if (!item.there && response.result() != cache_client::Miss)
    return {StatusCode::INTERNAL, "the answer says neither hit nor miss"};
  return status;
}

void MomentoLink::read(RemoteCall& call) {
  Item item;
  if (const auto status = get(call.counter(), item); !status.ok()) return failed(call, status, false);
  if (!item.number) return call.refused(CallOutcome::not_a_counter, 0);
  call.done(*item.number);
}

void MomentoLink::increment(RemoteCall& call) {
  const std::int64_t by = call.asked().by;
  if (call.limit().given || by > single_step_max || by < -single_step_max) return compare_and_set(call);
  shared_.lanes.of(call.counter()).let_pass(deadline_);
  grpc::ClientContext context;
  begin(context);
  cache_client::_IncrementRequest request;
  request.set_cache_key(call.counter().data(), call.counter().size());
  request.set_amount(by);
  request.set_ttl_milliseconds(static_cast<std::uint64_t>(time_to_live.count()));
  cache_client::_IncrementResponse response;
  const grpc::Status status = cache_->Increment(&context, request, &response);
  if (status.ok()) return call.done(response.value());
  switch (status.error_code()) {
    case StatusCode::FAILED_PRECONDITION:
    case StatusCode::INVALID_ARGUMENT:
    case StatusCode::OUT_OF_RANGE: return compare_and_set(call);  // no number, or the last of them: a look tells which
    default: return failed(call, status, true);
  }
}

void MomentoLink::set(RemoteCall& call) {
  if (call.asked().expected) return compare_and_set(call);
  grpc::ClientContext context;
  begin(context);
  cache_client::_SetRequest request;
  request.set_cache_key(call.counter().data(), call.counter().size());
  request.set_cache_body(std::to_string(call.asked().value));
  request.set_ttl_milliseconds(static_cast<std::uint64_t>(time_to_live.count()));
  cache_client::_SetResponse response;
  if (const auto status = cache_->Set(&context, request, &response); !status.ok()) return failed(call, status, true);
  call.done(call.asked().value);
}

void MomentoLink::erase(RemoteCall& call) {
  grpc::ClientContext context;
  begin(context);
  cache_client::_DeleteRequest request;
  request.set_cache_key(call.counter().data(), call.counter().size());
  cache_client::_DeleteResponse response;
  if (const auto status = cache_->Delete(&context, request, &response); !status.ok()) return failed(call, status, true);
  call.done(0);
}

void MomentoLink::compare_and_set(RemoteCall& call) {
  Lane& lane = shared_.lanes.of(call.counter());
  const std::unique_lock mine{lane.turn, deadline_};
  if (!mine.owns_lock())
    return call.failed({ErrorCode::unavailable, fmt::format("other calls on {:?} took {} ms; this one was not sent",
                                                            call.counter(), shared_.limits.call.count())});
  deadline_ = steady_clock::now() + shared_.limits.call;  // the wait was not the store's
  for (Pressing pressing{lane}; steady_clock::now() < deadline_; pressing.failed())
    if (compare_and_set_once(call)) return;
  call.failed({ErrorCode::conflict, fmt::format("others changed {:?} faster, for {} ms; nothing was done",
                                                call.counter(), shared_.limits.call.count())});
}

// What the call makes of the item; false if it is refused, and answered.
bool MomentoLink::decide(RemoteCall& call, const Item& item, std::int64_t& next) {
  const counter::CounterCall::Item& asked = call.asked();
  const RemoteCall::Limit& limit = call.limit();
  next = asked.value;
  if (!item.number) {
    call.refused(CallOutcome::not_a_counter, 0);
  } else if (call.kind() == CallKind::set) {
    if (*item.number == asked.expected) return true;
    call.refused(CallOutcome::value_differs, *item.number);
  } else {
    if (limit.up ? *item.number <= limit.bound : *item.number >= limit.bound) {
      next = *item.number + asked.by;
      return true;
    }
    call.limit_reached(*item.number);
  }
  return false;
}

// False: somebody was faster, and nothing was done.
bool MomentoLink::compare_and_set_once(RemoteCall& call) {
  Item item;
  std::int64_t next = 0;
  if (const auto status = get(call.counter(), item); !status.ok()) {
    failed(call, status, false);
    return true;
  }
  if (!decide(call, item, next)) return true;
  grpc::ClientContext context;
  begin(context);
  cache_client::_SetIfRequest request;
  request.set_cache_key(call.counter().data(), call.counter().size());
  request.set_cache_body(std::to_string(next));
  request.set_ttl_milliseconds(static_cast<std::uint64_t>(time_to_live.count()));
  if (item.there)
    request.mutable_equal()->set_value_to_check(item.body);
  else
    request.mutable_absent();
  cache_client::_SetIfResponse response;
  if (const auto status = cache_->SetIf(&context, request, &response); !status.ok()) {
    failed(call, status, true);
    return true;
  }
  if (!response.has_stored()) return false;
  call.done(next);
  return true;
}

}  // namespace quipu::remote::momento
