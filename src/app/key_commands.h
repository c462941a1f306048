// `quipu key create|list|revoke`: against a running server, or with --data on the directory of a stopped one, which is
// the way back in when the last admin key is lost.
#pragma once

#include <CLI/CLI.hpp>

#include "app/command.h"

namespace quipu::app {

void add_key_commands(CLI::App& program, Command& chosen);

}  // namespace quipu::app
