// `quipu store check`: can the stores that the settings turn on be used, and what is an answer of theirs worth?
#pragma once

#include "app/command.h"

namespace quipu::app {

void add_store_command(CLI::App& program, Command& chosen);

}  // namespace quipu::app
