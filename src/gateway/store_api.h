// POST /{store}/{id}: one more on the counter `id` in that store. With conditional writes on, up to a maximum.
//
//   {"counter":N,"useConditionalWrites":true}
#pragma once

#include "gateway/session.h"
#include "gateway/stores.h"

namespace quipu::gateway {

struct ConditionalWrites {
  bool on = false;
  std::int64_t max = 10;
};

class StoreEndpoint final : public Endpoint {
 public:
  StoreEndpoint(Stores& stores, const ConditionalWrites& conditional) : stores_{stores}, conditional_{conditional} {}

  // Is it a path of this endpoint: /{store}/{id}, of a store that is known?
  bool takes(std::string_view path) const;
  // That store, of a path that it takes.
  Result<Store*> store_of(std::string_view path);

  void handle(Session& session) override;
  void resume(Session& session) override;

 private:
  Result<> read(Session& session);
  void respond(Session& session);
  void respond_problem(http::Exchange& exchange, int status, std::string_view error, bool tells_mode) const;

  Stores& stores_;
  const ConditionalWrites conditional_;
};

}  // namespace quipu::gateway
