#include "app/store_command.h"

#include <algorithm>
#include <cstdio>

#include "app/remote_stores.h"
#include "base/json_writer.h"

namespace quipu::app {

namespace {

constexpr int exit_unusable = 1;

struct CheckOptions {
  std::vector<std::string> names;  // none: all
  std::string settings_file;
  bool json = false;
};

struct Checked {
  std::string_view name;
  std::string address;       // empty: it is off
  std::string_view turn_on;  // then: how to turn it on
  Result<remote::StoreReport> report = remote::StoreReport{};
};

std::string as_text(const Checked& checked) {
  if (checked.address.empty()) return fmt::format("{:<9}off: {}\n", checked.name, checked.turn_on);
  if (!checked.report)
    return fmt::format("{:<9}{}\n         NOT USABLE: {}\n", checked.name, checked.address,
                       checked.report.error().message);
  const remote::StoreReport& report = *checked.report;
  std::string text = fmt::format("{:<9}{}  {}\n         durability on ack: {}\n", checked.name, checked.address,
                                 report.server, report.durability);
  for (const std::string& made : report.made) text += fmt::format("         made: {}\n", made);
  for (const std::string& warning : report.warnings) text += fmt::format("         warning: {}\n", warning);
  return text;
}

void append_json(JsonWriter& json, const Checked& checked) {
  json.begin_object().member("store").string(checked.name).member("on").boolean(!checked.address.empty());
  if (checked.address.empty()) {
    json.member("turn_on").string(checked.turn_on);
  } else if (!checked.report) {
    json.member("address").string(checked.address).member("error").string(checked.report.error().message);
  } else {
    json.member("address").string(checked.address).member("server").string(checked.report->server);
    json.member("durability").string(checked.report->durability);
    json.member("made").begin_array();
    for (const std::string& made : checked.report->made) json.string(made);
    json.end_array().member("warnings").begin_array();
    for (const std::string& warning : checked.report->warnings) json.string(warning);
    json.end_array();
  }
  json.end_object();
}

Result<int> check(const CheckOptions& options) {
  QUIPU_TRY(const ServeSettings settings, read_settings({}, options.settings_file));
  QUIPU_TRY(const auto choices, choose_stores(settings.stores));
  for (const std::string& name : options.names)
    if (std::ranges::find(choices, name, &StoreChoice::name) == choices.end())
      return fail(ErrorCode::invalid_argument, "there is no store {:?}", name);
  bool usable = true;
  std::string out;
  JsonWriter json{out};
  if (options.json) json.begin_array();
  for (const StoreChoice& choice : choices) {
    if (!options.names.empty() && std::ranges::find(options.names, choice.name) == options.names.end()) continue;
    Checked checked{.name = choice.name, .address = {}, .turn_on = choice.turn_on};
    if (choice.remote != nullptr) {
      checked.address = choice.remote->address();
      checked.report = choice.remote->prepare();
    }
    // Who asks for a store by its name wants it to be on.
    usable = usable && checked.report.has_value() && (choice.remote != nullptr || options.names.empty());
    if (options.json) {
      append_json(json, checked);
    } else {
      std::fputs(as_text(checked).c_str(), stdout);
      std::fflush(stdout);
    }
  }
  if (options.json) {
    json.end_array();
    std::puts(out.c_str());
  }
  return usable ? 0 : exit_unusable;
}

}  // namespace

void add_store_command(CLI::App& program, Command& chosen) {
  auto* command = program.add_subcommand("store", "Counters that other databases keep");
  command->require_subcommand(1);
  auto* part = command->add_subcommand(
      "check", "Connect to each store that is on, make what it needs, and say what an acknowledged increment survives");
  auto options = std::make_shared<CheckOptions>();
  part->add_option("STORE", options->names, "Only these: dynamo, redis, momento, docdb, tidb [all]");
  part->add_option("--config", options->settings_file, "Settings file in YAML [quipu.yaml, if there is one]")
      ->type_name("FILE");
  part->add_flag("--json", options->json, "For scripts");
  part->callback([=, &chosen] { chosen = [=] { return check(*options); }; });
}

}  // namespace quipu::app
