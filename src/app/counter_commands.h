// `quipu counter increment|get|set|delete|list|watch`, against a running server.
#pragma once

#include <CLI/CLI.hpp>

#include "app/command.h"

namespace quipu::app {

void add_counter_commands(CLI::App& program, Command& chosen);

}  // namespace quipu::app
