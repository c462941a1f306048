#include "gateway/key_api.h"

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "gateway/answer.h"
#include "gateway/parameters.h"
#include "gateway/seen.h"
#include "http/url.h"

namespace quipu::gateway {

namespace {

// Leaves the object open, for more members.
JsonWriter& begin_key(JsonWriter& json, const KeyInfo& info) {
  json.begin_object().member("id").string(info.id).member("name").string(info.name);
  json.member("role").string(to_string(info.role)).member("plan");
  if (info.plan.empty())
    json.null();
  else
    json.string(info.plan);
  return json.member("created_ms").int64(info.created_ms);
}

// A plan's name, or null for no plan.
bool read_plan(JsonReader& json, std::string& plan) {
  std::string_view text;
  if (json.peek_type() == JsonType::null) {
    plan = no_plan_name;
    return json.read_null();
  }
  if (!json.read_string(text)) return false;
  plan = text;
  return true;
}

Result<std::string> read_id(const http::Request& request) {
  std::optional<std::string_view> raw;
  QUIPU_CHECK(read_parameters(request.query(), {{"id", raw}}));
  std::string id;
  if (!raw || !http::decode_query(*raw, id) || id.empty())
    return fail(ErrorCode::invalid_argument, "the parameter id says which key");
  return id;
}

}  // namespace

Result<NewKeyRequest> read_new_key(std::string_view body) {
  JsonReader json{body};
  Seen seen;
  NewKeyRequest request;
  std::string_view member;
  std::string_view text;
  json.begin_object();
  while (json.next_member(member)) {
    if (member == "name") {
      seen.first_time(0, json);
      if (json.read_string(text)) request.name = text;
    } else if (member == "role") {
      seen.first_time(1, json);
      if (!json.read_string(text)) break;
      if (const auto role = parse_role(text))
        request.role = *role;
      else
        json.fail("expected the role client or admin");
    } else if (member == "plan") {
      seen.first_time(2, json);
      if (!read_plan(json, request.plan.emplace())) break;
    } else {
      json.fail("expected one of the members name, role, plan");
    }
  }
  if (!json.finish())
    return fail(ErrorCode::invalid_argument, "the body must look like {{\"name\":\"shop\",\"role\":\"client\"}}: {}",
                json.error_message());
  return request;
}

Result<std::string> read_attachment(std::string_view body) {
  JsonReader json{body};
  Seen seen;
  std::string plan;
  std::string_view member;
  json.begin_object();
  while (json.next_member(member)) {
    if (member != "plan") json.fail("expected the member plan");
    seen.first_time(0, json);
    if (!read_plan(json, plan)) break;
  }
  if (!json.finish() || plan.empty())
    return fail(ErrorCode::invalid_argument,
                "the body must look like {{\"plan\":\"default\"}} or {{\"plan\":null}}{}{}", json.failed() ? ": " : "",
                json.error_message());
  return plan;
}

void KeysEndpoint::handle(Session& session) {
  switch (session.exchange.request().method()) {
    case http::Method::post: return create(session);
    case http::Method::put: return attach(session);
    case http::Method::del: return revoke(session);
    default: return list(session);
  }
}

void KeysEndpoint::run(Session& session, WorkerPool::Task task) {
  session.body.clear();
  if (!workers_.submit(std::move(task)))
    respond_error(session.exchange, {ErrorCode::unavailable, "too much is waiting to be done; retry"});
}

void KeysEndpoint::create(Session& session) {
  auto request = read_new_key(session.exchange.request().body());
  if (!request) return respond_error(session.exchange, request.error());
  session.status = 201;
  run(session, [this, &session, wanted = *std::move(request)] {
    if (const auto made = ring_.create(wanted.name, wanted.role, wanted.plan)) {
      JsonWriter json{session.body};
      begin_key(json, made->info).member("key").string(made->key);
      json.member("aws_access_key_id").string(made->info.id);
      json.member("aws_secret_access_key").string(made->aws_secret).end_object();
    } else {
      session.failure = made.error();
    }
    session.exchange.wake();
  });
}

void KeysEndpoint::revoke(Session& session) {
  auto id = read_id(session.exchange.request());
  if (!id) return respond_error(session.exchange, id.error());
  run(session, [this, &session, id = *std::move(id)] {
    if (const auto revoked = ring_.revoke(id); !revoked) session.failure = revoked.error();
    session.exchange.wake();
  });
}

void KeysEndpoint::attach(Session& session) {
  auto id = read_id(session.exchange.request());
  if (!id) return respond_error(session.exchange, id.error());
  auto plan = read_attachment(session.exchange.request().body());
  if (!plan) return respond_error(session.exchange, plan.error());
  session.status = 200;
  run(session, [this, &session, id = *std::move(id), plan = *std::move(plan)] {
    if (const auto info = ring_.attach(id, plan)) {
      JsonWriter json{session.body};
      begin_key(json, *info).end_object();
    } else {
      session.failure = info.error();
    }
    session.exchange.wake();
  });
}

void KeysEndpoint::list(Session& session) {
  session.body.clear();
  JsonWriter json{session.body};
  json.begin_object().member("keys").begin_array();
  for (const KeyInfo& info : ring_.list()) begin_key(json, info).end_object();
  json.end_array().end_object();
  session.exchange.respond(200, json_type, session.body);
}

void KeysEndpoint::resume(Session& session) {
  if (session.failure) return respond_error(session.exchange, *std::exchange(session.failure, std::nullopt));
  if (session.body.empty())
    session.exchange.respond(204, {}, {});
  else
    session.exchange.respond(session.status, json_type, session.body);
}

}  // namespace quipu::gateway
