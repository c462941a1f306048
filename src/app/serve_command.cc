#include "app/serve_command.h"

#include "app/serve.h"
#include "app/settings.h"

namespace quipu::app {

namespace {

struct ServeOptions {
  TextByName flags;
  std::string settings_file;
};

Result<int> run_serve(const ServeOptions& options) {
  QUIPU_TRY(const ServeSettings settings, read_settings(options.flags, options.settings_file));
  return serve(settings);
}

}  // namespace

void add_serve_command(CLI::App& program, Command& chosen) {
  auto* command = program.add_subcommand("serve", "Run the server");
  auto options = std::make_shared<ServeOptions>();
  command->footer(
      "Every setting can also be an environment variable (QUIPU_TLS_CERT for --tls-cert), in .env too, or a line of "
      "the settings\n"
      "file (tls-cert: FILE). A flag wins over the environment, that over .env, and that over the file.");
  command->add_option("--config", options->settings_file, "Settings file in YAML [quipu.yaml, if there is one]")
      ->type_name("FILE");
  for (const Setting& setting : settings_table()) {
    const std::string flag = fmt::format("--{}", setting.name);
    const std::string name{setting.name};
    CLI::Option* option = nullptr;
    if (setting.is_switch()) {
      option = command->add_flag_callback(flag, [=] { options->flags[name] = "true"; }, std::string{setting.help});
    } else {
      option = command->add_option_function<std::string>(
          flag, [=](const std::string& value) { options->flags[name] = value; }, std::string{setting.help});
      option->type_name(std::string{setting.placeholder});
    }
    if (setting.hidden) option->group("");
  }
  command->callback([=, &chosen] { chosen = [=] { return run_serve(*options); }; });
}

}  // namespace quipu::app
