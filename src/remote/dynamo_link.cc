#include "remote/dynamo_link.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/bytes.h"

namespace quipu::remote::dynamo {

namespace {

using counter::CallKind;
using counter::CallOutcome;

constexpr std::string_view service = "dynamodb";
constexpr std::string_view read_operation = "GetItem";
constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;
// Compare and set, as often as others are in the way.
constexpr std::chrono::milliseconds marked_call_max{4'000};
constexpr std::size_t answer_bytes_max = 1_MiB;  // an item has at most 400 KiB

// 400, and certainly not done: it may go through a moment later.
constexpr auto busy_types = std::to_array<std::string_view>(
    {"TransactionConflictException", "TransactionInProgressException", "ThrottlingException",
     "ProvisionedThroughputExceededException", "RequestLimitExceeded", "TransactionCanceledException"});

// DynamoDB Local wants to be shown some credential.
constexpr std::string_view no_credential = "quipu";

std::int64_t unix_seconds() {
  return Clock{}.wall_ms() / 1000;
}

std::string_view write_operation(CallKind kind) {
  switch (kind) {
    case CallKind::increment:
    case CallKind::set: return "UpdateItem";
    case CallKind::erase: return "DeleteItem";
    case CallKind::read: break;
  }
  return read_operation;
}

std::string bare_body(std::string_view table, const RemoteCall& call) {
  switch (call.kind()) {
    case CallKind::increment: return increment_body(table, call);
    case CallKind::set: return set_body(table, call);
    case CallKind::erase: return erase_body(table, call);
    case CallKind::read: break;
  }
  return read_body(table, call.counter());
}

struct Decision {
  CallOutcome outcome = CallOutcome::done;
  std::int64_t value = 0;
};

Decision decide(const RemoteCall& call, const Item& item) {
  const counter::CounterCall::Item& asked = call.asked();
  const auto value = item.value();
  if (!value) return {CallOutcome::not_a_counter, 0};
  if (call.kind() == CallKind::set) {
    if (*value != *asked.expected) return {CallOutcome::value_differs, *value};
    return {CallOutcome::done, asked.value};
  }
  const RemoteCall::Limit& limit = call.limit();
  if (limit.up ? *value > limit.bound : *value < limit.bound)
    return {limit.up ? CallOutcome::max_reached : CallOutcome::min_reached, *value};
  return {CallOutcome::done, *value + asked.by};
}

// As marker_outcome() has it of a call that is answered.
std::string outcome_text(const Decision& decision) {
  return fmt::format("{}:{}", static_cast<int>(decision.outcome), decision.value);
}

AwsCredential some_credential(AwsCredential credential) {
  if (credential.access_key_id.empty()) credential = {std::string{no_credential}, std::string{no_credential}, {}};
  return credential;
}

}  // namespace

std::string Target::host_header() const {
  const std::string name = host.contains(':') ? fmt::format("[{}]", host) : host;
  return port == (tls ? https_port : http_port) ? name : fmt::format("{}:{}", name, port);
}

std::string Target::url() const {
  return fmt::format("{}://{}", tls ? "https" : "http", host_header());
}

std::string describe(const http::ClientResponse& response, const Refusal& refusal) {
  if (refusal.type.empty()) return fmt::format("it answered {}, and not as DynamoDB does", response.status);
  return fmt::format("{} {}: {}", response.status, refusal.type, refusal.message);
}

DynamoLink::DynamoLink(const Target& target, Lanes& lanes, LinkLimits limits)
    : target_{target},
      lanes_{lanes},
      limits_{limits},
      signer_{some_credential(target.credential), target.region, std::string{service}},
      host_header_{target.host_header()} {
  const std::string hex = to_hex(secure_random_bytes(12));
  const std::string_view view = hex;
  uuid_beginning_ = fmt::format("{}-{}-4{}-a{}-{}", view.substr(0, 8), view.substr(8, 4), view.substr(13, 3),
                                view.substr(17, 3), view.substr(20, 4));
}

// A UUID (version 4 by its form): a beginning that is the link's own, and a number. A fresh one from the kernel would
// cost a system call.
std::string DynamoLink::new_uuid() {
  return fmt::format("{}{:08x}", uuid_beginning_, ++uuids_made_);
}

Result<> DynamoLink::open() {
  client_.reset();
  QUIPU_TRY(client_, http::Client::connect(target_.host, target_.port,
                                           {.tls = target_.tls,
                                            .connect_timeout = limits_.connect,
                                            .call_timeout = limits_.call,
                                            .body_bytes_max = answer_bytes_max}));
  return {};
}

Result<> DynamoLink::connect() {
  QUIPU_CHECK(open());
  return ping();
}

Result<> DynamoLink::ping() {
  QUIPU_TRY(const auto response, send(read_operation, read_body(target_.table, "quipu-ping")));
  if (response.status == 200) return {};
  const Refusal refusal = read_refusal(response.body);
  if (refusal.type == "ResourceNotFoundException")
    return fail(ErrorCode::not_found, "there is no table {}; `quipu store check` makes it", target_.table);
  return fail(ErrorCode::unavailable, "{}", describe(response, refusal));
}

Result<http::ClientResponse> DynamoLink::send(std::string_view operation, std::string_view body) {
  const std::string operation_name = fmt::format("DynamoDB_20120810.{}", operation);
  const std::string invocation = new_uuid();
  signer_.sign(host_header_, operation_name, body, unix_seconds());
  std::array<http::Header, 6> headers{{{"Content-Type", "application/x-amz-json-1.0"},
                                       {"X-Amz-Target", operation_name},
                                       {"X-Amz-Date", signer_.time()},
                                       {"Authorization", signer_.authorization()},
                                       {"amz-sdk-invocation-id", invocation},
                                       {"X-Amz-Security-Token", signer_.session_token()}}};
  const std::size_t count = signer_.session_token().empty() ? headers.size() - 1 : headers.size();
  auto response = client_->request(http::Method::post, "/", std::span{headers}.first(count), body);
  if (!response && response.error().code == ErrorCode::too_large) response.error().code = ErrorCode::outcome_unknown;
  return response;
}

Result<> DynamoLink::run(std::span<RemoteCall* const> calls) {
  for (RemoteCall* call : calls) {
    const bool marked = !call->marker().empty() && call->kind() != CallKind::read;
    QUIPU_CHECK(marked ? run_marked(*call) : run_bare(*call));
  }
  return {};
}

DynamoLink::Came DynamoLink::classify(const http::ClientResponse& response, Refusal& refusal) {
  if (response.status == 200) return Came::answered;
  refusal = read_refusal(response.body);
  if (response.status >= 500) return Came::unknown;
  if (refusal.type == "ConditionalCheckFailedException") return Came::condition_failed;
  // A transaction may also have been cancelled because it can never work.
  const bool never = refusal.message.contains("ValidationError");
  const bool busy = std::ranges::find(busy_types, refusal.type) != busy_types.end();
  return busy && !never ? Came::busy : Came::refused;
}

// --- without a marker: sent again only after an answer that says that nothing was done

Result<> DynamoLink::run_bare(RemoteCall& call) {
  const std::string body = bare_body(target_.table, call);
  Patience patience{bare_patience};
  for (;;) {
    auto response = send(write_operation(call.kind()), body);
    if (!response) {
      call.failed(response.error());
      return std::unexpected(std::move(response).error());
    }
    Refusal refusal;
    switch (classify(*response, refusal)) {
      case Came::answered: return finish_bare(call, *response);
      case Came::condition_failed: finish_refused(call, refusal); return {};
      case Came::busy:
        if (patience.wait()) continue;
        call.failed({refusal.type == "TransactionConflictException" ? ErrorCode::conflict : ErrorCode::unavailable,
                     describe(*response, refusal)});
        return {};
      case Came::refused: call.failed({ErrorCode::unavailable, describe(*response, refusal)}); return {};
      case Came::unknown: call.failed({ErrorCode::outcome_unknown, describe(*response, refusal)}); return {};
    }
  }
}

Result<> DynamoLink::finish_bare(RemoteCall& call, const http::ClientResponse& response) {
  const bool reads = call.kind() == CallKind::read;
  auto item = read_item(response.body, reads ? "Item" : "Attributes");
  const bool lost = !item || (call.kind() == CallKind::increment && !item->has_counter);
  if (lost) {
    const std::string_view why = item ? "it has no atomic_counter" : std::string_view{item.error().message};
    Error error{ErrorCode::outcome_unknown,
                fmt::format("the answer of {} cannot be understood: {}", target_.url(), why)};
    call.failed(error);
    return std::unexpected(std::move(error));
  }
  if (!reads && call.kind() != CallKind::increment) {
    call.done(call.kind() == CallKind::set ? call.asked().value : 0);
  } else if (const auto value = item->value()) {
    call.done(*value);
  } else if (reads) {
    call.refused(CallOutcome::not_a_counter, 0);
  } else {
    // Between the limits and yet no whole number: a fraction, to which the increment was added all the same.
    call.failed(
        {ErrorCode::damaged, fmt::format("{:?} was incremented, but it is not a whole number", call.counter())});
  }
  return {};
}

void DynamoLink::finish_refused(RemoteCall& call, const Refusal& refusal) {
  Item item = refusal.item.value_or(Item{});
  if (!refusal.item) {
    // There is none, or this store does not show it.
    auto now = read(call.counter());
    if (!now) return call.failed({ErrorCode::unavailable, std::move(now).error().message});
    item = *std::move(now);
  }
  const auto value = item.value();
  if (!value) return call.refused(CallOutcome::not_a_counter, 0);
  if (call.kind() == CallKind::set) return call.refused(CallOutcome::value_differs, *value);
  call.limit_reached(*value);
}

Result<Item> DynamoLink::read(std::string_view id) {
  QUIPU_TRY(const auto response, send(read_operation, read_body(target_.table, id)));
  Refusal refusal;
  switch (classify(response, refusal)) {
    case Came::answered: return read_item(response.body, "Item");
    case Came::busy: return fail(ErrorCode::conflict, "{}", describe(response, refusal));
    default: return fail(ErrorCode::unavailable, "{}", describe(response, refusal));
  }
}

// --- with a marker: whatever becomes of an answer, the marker tells whether it was done

Result<> DynamoLink::run_marked(RemoteCall& call) {
  Patience patience{marked_call_max};
  // Owns nothing if the time was over first.
  const std::unique_lock turn{lanes_.of(call.counter()).turn, patience.end()};
  bool maybe_done = false;
  std::optional<Error> last;
  if (turn) {
    do {
      auto answered = try_marked(call, maybe_done);
      if (answered && *answered) return {};
      last.reset();
      if (!answered) last = std::move(answered).error();
    } while (patience.wait());
  }
  if (maybe_done) {
    call.failed({ErrorCode::outcome_unknown, last ? last->message : "its answers were lost"});
  } else if (last && last->code != ErrorCode::conflict) {
    call.failed({ErrorCode::unavailable, last->message});
  } else {
    call.failed({ErrorCode::conflict, fmt::format("others changed {:?} again and again", call.counter())});
  }
  if (last && last->code != ErrorCode::conflict) return std::unexpected(*std::move(last));
  return {};
}

Result<bool> DynamoLink::try_marked(RemoteCall& call, bool& maybe_done) {
  QUIPU_TRY(const Item marker, read(marker_id(call)));
  if (marker.exists) {
    if (marker.request_hash == call.request_hash())
      answer_from_marker(call, marker.outcome);
    else
      call.mismatched();
    return true;
  }
  Decision decision{CallOutcome::done, call.kind() == CallKind::set ? call.asked().value : 0};
  Effect effect{.depends = call.kind() == CallKind::increment || call.asked().expected};
  if (effect.depends) {
    QUIPU_TRY(const Item item, read(call.counter()));
    decision = decide(call, item);
    if (item.has_counter) effect.found = item.counter;
  }
  if (call.kind() != CallKind::erase) effect.value = decision.value;
  const std::string outcome = outcome_text(decision);
  const std::int64_t expires = unix_seconds() + std::chrono::seconds{marker_lifetime}.count();
  const bool changes = decision.outcome == CallOutcome::done;
  const std::string body = changes ? marked_effect_body(target_.table, call, effect, outcome, new_uuid(), expires)
                                   : marker_body(target_.table, call, outcome, expires);
  auto response = send(changes ? "TransactWriteItems" : "PutItem", body);
  if (!response) {
    maybe_done = maybe_done || response.error().code == ErrorCode::outcome_unknown;
    return std::unexpected(std::move(response).error());
  }
  Refusal refusal;
  switch (classify(*response, refusal)) {
    case Came::answered: answer_from_marker(call, outcome); return true;
    case Came::unknown: maybe_done = true; return false;
    case Came::refused:
      call.failed({maybe_done ? ErrorCode::outcome_unknown : ErrorCode::unavailable, describe(*response, refusal)});
      return true;
    case Came::condition_failed:
    case Came::busy: break;
  }
  return false;
}

}  // namespace quipu::remote::dynamo
