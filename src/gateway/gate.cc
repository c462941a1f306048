#include "gateway/gate.h"

#include <array>

#include "gateway/answer.h"

namespace quipu::gateway {

namespace {

// The key that a request carries, or nothing: `x-api-key: KEY` or `Authorization: Bearer KEY`.
std::optional<std::string_view> presented_key(const http::Request& request) {
  if (const auto key = request.header("x-api-key")) return key;
  const auto authorization = request.header("authorization");
  constexpr std::string_view scheme = "bearer ";
  if (!authorization || authorization->size() <= scheme.size() ||
      !http::equal_ignoring_case(authorization->substr(0, scheme.size()), scheme))
    return std::nullopt;
  return authorization->substr(scheme.size());
}

void respond_throttled(http::Exchange& exchange, std::string_view body, std::int64_t retry_after_s) {
  const std::string seconds = std::to_string(retry_after_s);
  const std::array<http::Header, 1> retry{{{"Retry-After", seconds}}};
  exchange.respond(429, json_type, body, retry);
}

}  // namespace

Gate::Passage Gate::admit(Session& session, Access access, Refusals refusals) const {
  if (access == Access::anyone || keys_ == Keys::off) return Passage::open;
  const auto key = presented_key(session.exchange.request());
  if (!identify(session, key)) {
    if (refusals == Refusals::forbidden)
      session.exchange.respond(403, json_type, R"({"message":"Forbidden"})");
    else
      respond_problem(session.exchange, 401, "unauthorized",
                      key ? "this key is not known here; it may have been revoked"
                          : "send an API key as x-api-key: KEY or Authorization: Bearer KEY");
    return Passage::refused;
  }
  if (access == Access::admin && session.caller.role != Role::admin) {
    respond_problem(session.exchange, 403, "forbidden", "this needs an admin key");
    return Passage::refused;
  }
  return count(session);
}

// A connection mostly shows one key. Who that is need not be looked up again, and the key not be hashed, as long as no
// key was revoked. The comparison takes the same time wherever the difference is: behind a proxy, requests of several
// callers share a connection.
bool Gate::identify(Session& session, std::optional<std::string_view> key) const {
  const std::uint64_t version = ring_.version();
  const std::string_view text = key.value_or(std::string_view{});
  if (session.ring_version == version && equal_in_constant_time(session.shown_key, text)) return true;
  auto caller = ring_.check(text);
  if (!caller) return false;
  session.caller = *std::move(caller);
  session.shown_key = text;
  session.ring_version = version;
  return true;
}

bool Gate::still_knows(Session& session) const {
  return keys_ == Keys::off || identify(session, session.shown_key);
}

// A request whose head was let in is identified again when its body is there, because its key may have been revoked in
// between; but it counts once.
Gate::Passage Gate::count(Session& session) {
  if (session.is_counted) return Passage::open;
  const Admission admission = session.caller.meter->admit(session.quota_wait);
  switch (admission.verdict) {
    case Admission::Verdict::admitted: return Passage::open;
    case Admission::Verdict::over_rate:
      respond_throttled(session.exchange, R"({"message":"Too Many Requests"})", admission.retry_after_s);
      break;
    case Admission::Verdict::over_quota:
      respond_throttled(session.exchange, R"({"message":"Limit Exceeded"})", admission.retry_after_s);
      break;
    case Admission::Verdict::busy:
      respond_problem(session.exchange, 503, "busy",
                      "the quota of this key could not be written down; retry, and see whether the disk is full");
      return Passage::refused;
    case Admission::Verdict::later: session.exchange.postpone(); return Passage::later;
  }
  return Passage::throttled;
}

}  // namespace quipu::gateway
