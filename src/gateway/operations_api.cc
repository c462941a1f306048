#include "gateway/operations_api.h"

#include "gateway/answer.h"
#include "gateway/openapi.h"

namespace quipu::gateway {

void HealthEndpoint::handle(Session& session) {
  session.exchange.respond(200, json_type, R"({"status":"alive"})");
}

void ReadyEndpoint::handle(Session& session) {
  const std::string reason = probes_.not_ready();
  if (reason.empty())
    session.exchange.respond(200, json_type, R"({"status":"ready"})");
  else
    respond_problem(session.exchange, 503, "not_ready", reason);
}

void MetricsEndpoint::handle(Session& session) {
  session.exchange.respond(200, "text/plain; version=0.0.4; charset=utf-8", probes_.metrics());
}

void OpenApiEndpoint::handle(Session& session) {
  session.exchange.respond(200, json_type, openapi_document());
}

}  // namespace quipu::gateway
