#include "gateway/key_api.h"

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "gateway/answer.h"
#include "gateway/parameters.h"
#include "http/url.h"

namespace quipu::gateway {

namespace {

// Leaves the object open, for more members.
JsonWriter& begin_key(JsonWriter& json, const KeyInfo& info) {
  json.begin_object().member("id").string(info.id).member("name").string(info.name);
  return json.member("role").string(to_string(info.role)).member("created_ms").int64(info.created_ms);
}

}  // namespace

Result<NewKeyRequest> read_new_key(std::string_view body) {
  JsonReader json{body};
  NewKeyRequest request;
  std::string_view member;
  std::string_view text;
  json.begin_object();
  while (json.next_member(member)) {
    if (member == "name") {
      if (json.read_string(text)) request.name = text;
    } else if (member == "role") {
      if (!json.read_string(text)) break;
      if (const auto role = parse_role(text))
        request.role = *role;
      else
        json.fail("expected the role client or admin");
    } else {
      json.fail("expected one of the members name, role");
    }
  }
  if (!json.finish())
    return fail(ErrorCode::invalid_argument, "the body must look like {{\"name\":\"shop\",\"role\":\"client\"}}: {}",
                json.error_message());
  return request;
}

void KeysEndpoint::handle(Session& session) {
  switch (session.exchange.request().method()) {
    case http::Method::post: return create(session);
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
  run(session, [this, &session, wanted = *std::move(request)] {
    if (const auto made = ring_.create(wanted.name, wanted.role)) {
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
  std::optional<std::string_view> raw;
  std::string id;
  if (const auto read = read_parameters(session.exchange.request().query(), {{"id", raw}}); !read)
    return respond_error(session.exchange, read.error());
  if (!raw || !http::decode_query(*raw, id) || id.empty())
    return respond_error(session.exchange, {ErrorCode::invalid_argument, "the parameter id says which key to revoke"});
  run(session, [this, &session, id] {
    if (const auto revoked = ring_.revoke(id); !revoked) session.failure = revoked.error();
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
    session.exchange.respond(201, json_type, session.body);
}

}  // namespace quipu::gateway
