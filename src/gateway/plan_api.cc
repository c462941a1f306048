#include "gateway/plan_api.h"

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "gateway/answer.h"
#include "gateway/parameters.h"
#include "gateway/seen.h"
#include "http/url.h"

namespace quipu::gateway {

namespace {

void write_plan(JsonWriter& json, const PlanInfo& info) {
  const PlanLimits& limits = info.plan.limits;
  json.begin_object().member("name").string(info.plan.name);
  if (limits.rate_thousandths != 0)
    json.member("rate").raw_number(rate_text(limits.rate_thousandths)).member("burst").uint64(limits.burst);
  if (limits.quota) {
    json.member("quota").begin_object().member("limit").int64(limits.quota->limit);
    json.member("period").string(to_string(limits.quota->period)).end_object();
  }
  json.member("keys").uint64(info.keys).end_object();
}

// The plan that the query names.
Result<std::string> read_name(const http::Request& request) {
  std::optional<std::string_view> raw;
  QUIPU_CHECK(read_parameters(request.query(), {{"name", raw}}));
  std::string name;
  if (!raw || !http::decode_query(*raw, name) || name.empty())
    return fail(ErrorCode::invalid_argument, "the parameter name says which plan");
  return name;
}

void submit(Session& session, WorkerPool& workers, WorkerPool::Task task) {
  session.body.clear();
  if (!workers.submit(std::move(task)))
    respond_error(session.exchange, {ErrorCode::unavailable, "too much is waiting to be done; retry"});
}

void respond_done(Session& session) {
  if (session.failure) return respond_error(session.exchange, *std::exchange(session.failure, std::nullopt));
  if (session.body.empty())
    session.exchange.respond(204, {}, {});
  else
    session.exchange.respond(200, json_type, session.body);
}

void read_quota(JsonReader& json, std::optional<Quota>& quota) {
  Seen seen;
  Quota read;
  bool has_period = false;
  std::string_view member;
  std::string_view text;
  json.begin_object();
  while (json.next_member(member)) {
    if (member == "limit") {
      seen.first_time(0, json);
      if (json.read_int64(read.limit) && read.limit < 1) json.fail("expected a limit from 1 on");
    } else if (member == "period") {
      seen.first_time(1, json);
      if (!json.read_string(text)) return;
      if (const auto period = parse_period(text)) {
        read.period = *period;
        has_period = true;
      } else {
        json.fail("expected the period day, week or month");
      }
    } else {
      json.fail("expected one of the members limit, period");
    }
  }
  if (read.limit == 0 || !has_period) json.fail("a quota has a limit and a period");
  quota = read;
}

}  // namespace

Result<PlanLimits> read_plan_limits(std::string_view body) {
  JsonReader json{body};
  Seen seen;
  PlanLimits limits;
  std::string_view member;
  std::string_view text;
  json.begin_object();
  while (json.next_member(member)) {
    if (member == "rate") {
      seen.first_time(0, json);
      if (!json.read_number(text)) break;
      if (const auto rate = parse_rate(text))
        limits.rate_thousandths = *rate;
      else
        json.fail(rate.error().message);
    } else if (member == "burst") {
      seen.first_time(1, json);
      std::int64_t burst = 0;
      if (json.read_int64(burst) && burst < 1) json.fail("expected a burst from 1 on");
      limits.burst = static_cast<std::uint64_t>(burst);
    } else if (member == "quota") {
      seen.first_time(2, json);
      read_quota(json, limits.quota);
    } else {
      json.fail("expected one of the members rate, burst, quota");
    }
  }
  if (!json.finish())
    return fail(
        ErrorCode::invalid_argument,
        "the body must look like {{\"rate\":50,\"burst\":100,\"quota\":{{\"limit\":5000,\"period\":\"day\"}}}}: {}",
        json.error_message());
  QUIPU_CHECK(complete(limits));
  return limits;
}

void PlansEndpoint::handle(Session& session) {
  switch (session.exchange.request().method()) {
    case http::Method::put: return put(session);
    case http::Method::del: return erase(session);
    default: return list(session);
  }
}

void PlansEndpoint::list(Session& session) {
  session.body.clear();
  JsonWriter json{session.body};
  json.begin_object().member("plans").begin_array();
  for (const PlanInfo& info : ring_.plans()) write_plan(json, info);
  json.end_array().end_object();
  session.exchange.respond(200, json_type, session.body);
}

void PlansEndpoint::put(Session& session) {
  auto name = read_name(session.exchange.request());
  if (!name) return respond_error(session.exchange, name.error());
  const auto limits = read_plan_limits(session.exchange.request().body());
  if (!limits) return respond_error(session.exchange, limits.error());
  submit(session, workers_, [this, &session, plan = Plan{*std::move(name), *limits}] {
    if (const auto info = ring_.put_plan(plan)) {
      JsonWriter json{session.body};
      write_plan(json, *info);
    } else {
      session.failure = info.error();
    }
    session.exchange.wake();
  });
}

void PlansEndpoint::erase(Session& session) {
  auto name = read_name(session.exchange.request());
  if (!name) return respond_error(session.exchange, name.error());
  submit(session, workers_, [this, &session, name = *std::move(name)] {
    if (const auto erased = ring_.erase_plan(name); !erased) session.failure = erased.error();
    session.exchange.wake();
  });
}

void PlansEndpoint::resume(Session& session) {
  respond_done(session);
}

void PlanUsageEndpoint::handle(Session& session) {
  auto name = read_name(session.exchange.request());
  if (!name) return respond_error(session.exchange, name.error());
  submit(session, workers_, [this, &session, name = *std::move(name)] {
    if (const auto usage = ring_.usage(name)) {
      JsonWriter json{session.body};
      json.begin_object().member("plan").string(usage->plan.name);
      json.member("limit").int64(usage->plan.limits.quota->limit);
      json.member("period").string(to_string(usage->plan.limits.quota->period));
      json.member("starts_ms").int64(usage->window.starts_ms).member("ends_ms").int64(usage->window.ends_ms);
      json.member("keys").begin_array();
      for (const KeyUsage& key : usage->keys) {
        json.begin_object().member("id").string(key.id).member("name").string(key.name);
        json.member("used").int64(key.used).member("left").int64(key.left).end_object();
      }
      json.end_array().end_object();
    } else {
      session.failure = usage.error();
    }
    session.exchange.wake();
  });
}

void PlanUsageEndpoint::resume(Session& session) {
  respond_done(session);
}

}  // namespace quipu::gateway
