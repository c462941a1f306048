#pragma once

#include <CLI/CLI.hpp>

#include "app/command.h"

namespace quipu::app {

// `quipu verify DIR`: reads a data directory, changes nothing, and says whether it is whole.
void add_verify_command(CLI::App& program, Command& chosen);

}  // namespace quipu::app
