#include "remote/remote_call.h"

#include <limits>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/text.h"
#include "remote/remote_counters.h"

namespace quipu::remote {

namespace {

using counter::CallKind;
using counter::CallOutcome;

std::string hex_hash(std::string_view bytes) {
  const Sha256 hash = sha256(bytes);
  return to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

}  // namespace

bool RemoteCall::start(Completion& completion) {
  completion_ = &completion;
  answered_ = false;
  auto ready = prepare();
  if (ready) ready = store_.enqueue(*this);
  if (ready) return false;
  failed(std::move(ready).error());
  return true;
}

Result<> RemoteCall::prepare() {
  if (size() != 1)
    return fail(ErrorCode::invalid_argument, "the store {} takes one increment a request, not an array", store_.name());
  if (kind_ == CallKind::increment) {
    const Item& item = asked();
    limit_.up = item.by > 0;
    limit_.given = limit_.up ? item.max.has_value() : item.min.has_value();
    const std::int64_t last = limit_.up ? item.max.value_or(std::numeric_limits<std::int64_t>::max())
                                        : item.min.value_or(std::numeric_limits<std::int64_t>::min());
    if (__builtin_sub_overflow(last, item.by, &limit_.bound))
      return fail(ErrorCode::invalid_argument, "no counter can be changed by {} and stay within {}", item.by, last);
    limit_.allows_nothing = limit_.up ? limit_.bound >= 0 : limit_.bound <= 0;
  }
  marker_.clear();
  request_hash_.clear();
  if (!idempotency_key_.empty()) {
    marker_ = hex_hash(idempotency_key_);
    std::string canonical;
    append_canonical(canonical);
    request_hash_ = hex_hash(canonical);
  }
  return {};
}

void RemoteCall::done(std::int64_t value) {
  QUIPU_ASSERT(!answered_);
  answered_ = true;
  items_[0].value = value;
}

void RemoteCall::refused(CallOutcome outcome, std::int64_t value_now) {
  QUIPU_ASSERT(!answered_);
  answered_ = true;
  items_[0].value = value_now;
  refuse(outcome, 0);
}

void RemoteCall::limit_reached(std::int64_t value_now) {
  refused(limit_.up ? CallOutcome::max_reached : CallOutcome::min_reached, value_now);
}

void RemoteCall::mismatched() {
  failed({ErrorCode::idempotency_mismatch, "this Idempotency-Key was used for another request"});
}

void RemoteCall::failed(Error error) {
  QUIPU_ASSERT(!answered_, "{}", error.message);
  answered_ = true;
  // A read has no outcome that could be unknown: whoever asked may ask again.
  if (kind_ == CallKind::read && error.code == ErrorCode::outcome_unknown) error.code = ErrorCode::unavailable;
  fail_with(std::move(error));
}

std::string marker_outcome(const RemoteCall& call) {
  return fmt::format("{}:{}", static_cast<int>(call.outcome()), call.asked().value);
}

void answer_from_marker(RemoteCall& call, std::string_view outcome) {
  const auto colon = outcome.find(':');
  const auto code = colon == std::string_view::npos ? std::nullopt : parse_int64(outcome.substr(0, colon));
  const auto value = colon == std::string_view::npos ? std::nullopt : parse_int64(outcome.substr(colon + 1));
  if (!code || !value || *code < 0 || *code >= static_cast<std::int64_t>(CallOutcome::failed))
    return call.failed({ErrorCode::damaged, fmt::format("the store keeps {:?} for this Idempotency-Key", outcome)});
  const auto kept = static_cast<CallOutcome>(*code);
  if (kept == CallOutcome::done) return call.done(*value);
  call.refused(kept, *value);
}

}  // namespace quipu::remote
