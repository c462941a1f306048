// What /metrics and /readyz say: the figures of all parts in one place.
#pragma once

#include <string>

#include "gateway/plan_book.h"
#include "gateway/stores.h"
#include "http/server.h"
#include "storage/committer.h"
#include "storage/store.h"
#include "table/maintenance.h"

namespace quipu::app {

// `server` may be null while it starts.
std::string metrics_text(const http::Server* server, const storage::Committer& committer, const storage::Store& store,
                         const table::MaintenanceFigures& maintenance, const gateway::Stores& stores,
                         const gateway::PlanBook& plans);

// Empty, or why writes are refused.
std::string reason_not_ready(const storage::StoreFigures& figures);

}  // namespace quipu::app
