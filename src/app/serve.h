// `quipu serve`: wires the parts together and runs them until it is told to stop.
#pragma once

#include "app/settings.h"

namespace quipu::app {

// The process's exit code: 0 after a clean stop, 1 if it refused to start, 70 if the store failed while it ran.
int serve(const ServeSettings& settings);

// Is this an address that other machines can reach?
bool is_public_address(std::string_view host);

}  // namespace quipu::app
