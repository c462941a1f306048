#include "app/verify_command.h"

#include <unistd.h>

#include <cstdio>

#include "storage/store.h"
#include "table/row_check.h"

namespace quipu::app {

namespace {

constexpr int exit_damaged = 1;

Result<int> verify(const std::filesystem::path& directory) {
  table::RowCheck rows;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  QUIPU_TRY(storage::VerifyReport report,
            storage::verify(
                directory, [&](std::string_view key, std::string_view value) { return rows.check(key, value); },
                [&](double done) {
                  if (terminal) std::fprintf(stderr, "\rchecking ... %3.0f %%", done * 100);
                }));
  if (terminal) std::fprintf(stderr, "\r                    \r");
  if (std::string problem = rows.finish(); !problem.empty()) report.problems.push_back(std::move(problem));
  for (const std::string& problem : report.problems) std::printf("damaged: %s\n", problem.c_str());
  if (report.problems_not_listed != 0)
    std::printf("damaged: %s more\n", std::to_string(report.problems_not_listed).c_str());
  std::fputs(fmt::format("{}: {} rows, {} of them items of {} tables, in {} files; last change {}, watermark {}\n",
                         report.problems.empty() ? "whole" : "NOT whole", report.rows, rows.items(), rows.tables(),
                         report.table_files, report.last_sequence, report.watermark)
                 .c_str(),
             stdout);
  return report.problems.empty() ? 0 : exit_damaged;
}

}  // namespace

void add_verify_command(CLI::App& program, Command& chosen) {
  auto* command = program.add_subcommand("verify", "Say whether a data directory is whole (exit code 0) or not (1)");
  auto directory = std::make_shared<std::filesystem::path>();
  command->add_option("DIR", *directory, "A data directory that no server has open")->required();
  command->callback([=, &chosen] { chosen = [=] { return verify(*directory); }; });
}

}  // namespace quipu::app
