// Managing usage plans over HTTP, for admins: GET, PUT and DELETE /plans, and GET /plans/usage.
#pragma once

#include "base/worker_pool.h"
#include "gateway/key_ring.h"
#include "gateway/session.h"

namespace quipu::gateway {

// PUT ?name=NAME {"rate":50,"burst":100,"quota":{"limit":5000,"period":"month"}} makes or changes a plan; each member
// may be missing. It answers {"name":..,"rate":..,"burst":..,"quota":{..},"keys":N}. GET answers {"plans":[..]}.
// DELETE ?name=NAME answers 204.
class PlansEndpoint final : public Endpoint {
 public:
  PlansEndpoint(KeyRing& ring, WorkerPool& workers) : ring_{ring}, workers_{workers} {}
  void handle(Session& session) override;
  void resume(Session& session) override;

 private:
  void list(Session& session);
  void put(Session& session);
  void erase(Session& session);

  KeyRing& ring_;
  WorkerPool& workers_;
};

// GET ?name=NAME answers {"plan":"default","limit":1000000,"period":"day","starts_ms":..,"ends_ms":..,
// "keys":[{"id":..,"name":..,"used":..,"left":..}]}.
class PlanUsageEndpoint final : public Endpoint {
 public:
  PlanUsageEndpoint(const KeyRing& ring, WorkerPool& workers) : ring_{ring}, workers_{workers} {}
  void handle(Session& session) override;
  void resume(Session& session) override;

 private:
  const KeyRing& ring_;
  WorkerPool& workers_;
};

Result<PlanLimits> read_plan_limits(std::string_view body);

}  // namespace quipu::gateway
