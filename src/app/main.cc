// The command line. What runs, and who owns what while it runs, is in serve.cc.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/compare_command.h"
#include "app/counter_commands.h"
#include "app/key_commands.h"
#include "app/plan_commands.h"
#include "app/serve_command.h"
#include "app/store_command.h"
#include "app/torture_command.h"
#include "app/verify_command.h"

namespace quipu::app {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

int run(int argc, char** argv) {
  CLI::App program{"Durable counters over HTTP: saved first, answered after."};
  program.name("quipu");
  program.set_version_flag("--version", "quipu " QUIPU_VERSION);
  program.require_subcommand(1);
  Command chosen;
  add_serve_command(program, chosen);
  add_counter_commands(program, chosen);
  add_key_commands(program, chosen);
  add_plan_commands(program, chosen);
  add_verify_command(program, chosen);
  add_store_command(program, chosen);
  add_compare_command(program, chosen);
  add_torture_command(program, chosen);
  // `--version` everywhere, as `--help` is.
  for (CLI::App* command : program.get_subcommands({})) {
    command->set_version_flag("--version", "quipu " QUIPU_VERSION);
    for (CLI::App* part : command->get_subcommands({})) part->set_version_flag("--version", "quipu " QUIPU_VERSION);
  }

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // CLI11's way to say "wrong", and also "help was asked for"
    const int code = program.exit(error);
    return code == 0 ? 0 : exit_usage;
  }
  const Result<int> code = chosen();
  if (code) return *code;
  std::fprintf(stderr, "quipu: %s\n", code.error().message.c_str());
  return exit_failed;
}

}  // namespace

}  // namespace quipu::app

int main(int argc, char** argv) {
  return quipu::app::run(argc, argv);
}
