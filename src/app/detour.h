// Settings of a store with another way to it: through a proxy on this machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "app/settings.h"

namespace quipu::app {

// Where the store listens, if that is on this machine and in the clear; else there is no way for a proxy.
std::optional<std::uint16_t> loopback_port(const StoreSettings& settings, std::string_view store);

// The same store behind 127.0.0.1:port. What must be a file is written into `scratch`.
Result<StoreSettings> detoured(const StoreSettings& settings, std::string_view store, std::uint16_t port,
                               const std::filesystem::path& scratch);

}  // namespace quipu::app
