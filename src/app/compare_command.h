// `quipu compare`: the same load and the same questions for every store that the settings turn on, and for our own.
#pragma once

#include "app/command.h"

namespace quipu::app {

void add_compare_command(CLI::App& program, Command& chosen);

}  // namespace quipu::app
