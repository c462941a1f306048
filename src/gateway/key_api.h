// Managing API keys over HTTP, for admins: GET, POST, PUT and DELETE /keys.
#pragma once

#include "base/worker_pool.h"
#include "gateway/key_ring.h"
#include "gateway/session.h"

namespace quipu::gateway {

// POST {"name":"shop","role":"client","plan":"default"} answers 201 {"id":..,"name":..,"role":..,"plan":..,
// "created_ms":..,"key":..,"aws_access_key_id":..,"aws_secret_access_key":..}; the key and the secret are never shown
// again. DELETE ?id=ID answers 204. GET answers {"keys":[..]} without the keys themselves. PUT ?id=ID
// {"plan":"default"} attaches a key to a plan, null takes it from its plan; it answers the key as GET shows it.
class KeysEndpoint final : public Endpoint {
 public:
  KeysEndpoint(KeyRing& ring, WorkerPool& workers) : ring_{ring}, workers_{workers} {}
  void handle(Session& session) override;
  void resume(Session& session) override;

 private:
  void create(Session& session);
  void attach(Session& session);
  void revoke(Session& session);
  void list(Session& session);
  void run(Session& session, WorkerPool::Task task);

  KeyRing& ring_;
  WorkerPool& workers_;
};

struct NewKeyRequest {
  std::string name;
  Role role = Role::client;
  std::optional<std::string> plan;
};
Result<NewKeyRequest> read_new_key(std::string_view body);
// The plan's name, "none" for null.
Result<std::string> read_attachment(std::string_view body);

}  // namespace quipu::gateway
