// quipu plan create|list|delete|attach|usage
#pragma once

#include "app/command.h"

namespace quipu::app {

void add_plan_commands(CLI::App& program, Command& chosen);

}  // namespace quipu::app
