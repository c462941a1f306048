#pragma once

#include <CLI/CLI.hpp>

#include "app/command.h"

namespace quipu::app {

// `quipu serve`: its flags are the rows of the settings table.
void add_serve_command(CLI::App& program, Command& chosen);

}  // namespace quipu::app
