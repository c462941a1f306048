#pragma once

#include <CLI/CLI.hpp>

#include "app/command.h"

namespace quipu::app {

// `quipu torture`: kills a real server under load, again and again, and checks everything it ever acknowledged.
void add_torture_command(CLI::App& program, Command& chosen);

}  // namespace quipu::app
