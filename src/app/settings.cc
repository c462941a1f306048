#include "app/settings.h"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <limits>

#include "base/assert.h"
#include "base/text.h"

namespace quipu::app {

namespace {

constexpr std::string_view settings_file_default = "quipu.yaml";
constexpr std::string_view dotenv_file = ".env";
constexpr std::string_view environment_prefix = "QUIPU_";
// Of the client commands, and of test programs; the server does not mind them.
constexpr auto other_variables = std::to_array<std::string_view>({"QUIPU_URL", "QUIPU_API_KEY"});
constexpr std::string_view test_variables = "QUIPU_TEST_";

Result<bool> parse_switch(std::string_view text) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  return fail(ErrorCode::invalid_argument, "expected true or false, not {:?}", text);
}

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t min, std::uint64_t max) {
  const auto number = parse_int64(text);
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) < min || static_cast<std::uint64_t>(*number) > max)
    return fail(ErrorCode::invalid_argument, "expected a whole number from {} to {}, not {:?}", min, max, text);
  return static_cast<std::uint64_t>(*number);
}

Result<LogLevel> parse_log_level(std::string_view text) {
  if (text == "debug") return LogLevel::debug;
  if (text == "info") return LogLevel::info;
  if (text == "warning") return LogLevel::warning;
  if (text == "error") return LogLevel::error;
  if (text == "off") return LogLevel::off;
  return fail(ErrorCode::invalid_argument, "expected debug, info, warning, error or off, not {:?}", text);
}

using Settings = ServeSettings;

constexpr auto table = std::to_array<Setting>({
    {.name = "dev",
     .placeholder = "",
     .help = "No API keys, for development on this machine",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.dev, parse_switch(v));
       return {};
     }},
    {.name = "data",
     .placeholder = "DIR",
     .help = "Where everything is kept; made if it is missing [./data]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       if (v.empty()) return fail(ErrorCode::invalid_argument, "expected a directory");
       s.data = v;
       return {};
     }},
    {.name = "listen",
     .placeholder = "HOST:PORT",
     .help = "Address to listen on [127.0.0.1:7070]",
     .apply = [](Settings& s, std::string_view v) { return parse_listen(v, s.host, s.port); }},
    {.name = "threads",
     .placeholder = "N",
     .help = "Threads that serve connections, up to 64; 0 chooses by the number of cores [0]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(const auto n, parse_number(v, 0, threads_max));
       s.threads = static_cast<unsigned>(n);
       return {};
     }},
    {.name = "tls-cert",
     .placeholder = "FILE",
     .help = "Certificate chain in PEM; with tls-key, the server speaks HTTPS only",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.tls_cert = v;
       return {};
     }},
    {.name = "tls-key",
     .placeholder = "FILE",
     .help = "The certificate's private key in PEM",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.tls_key = v;
       return {};
     }},
    {.name = "unsafe-public",
     .placeholder = "",
     .help = "Listen on a public address although TLS or keys are off",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.unsafe_public, parse_switch(v));
       return {};
     }},
    {.name = "accept-loss",
     .placeholder = "",
     .help = "Start although data that was acknowledged is missing or damaged; what is left is served",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.accept_loss, parse_switch(v));
       return {};
     }},
    {.name = "connections-max",
     .placeholder = "N",
     .help = "Connections at once; more are answered 503 [10000]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.connections_max, parse_number(v, 1, 1'000'000));
       return {};
     }},
    {.name = "cache-mib",
     .placeholder = "N",
     .help = "Memory for reading from disk, in MiB [64]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.cache_mib, parse_number(v, 8, 1'048'576));
       return {};
     }},
    {.name = "free-space-floor-mib",
     .placeholder = "N",
     .help = "Refuse writes (507), but for dropping tables, while the disk has less than this free [256]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.free_space_floor_mib, parse_number(v, 1, 1'048'576));
       return {};
     }},
    {.name = "aws-region",
     .placeholder = "NAME",
     .help = "Region that ARNs and stream records name; requests may name any [us-east-1]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       if (v.empty()) return fail(ErrorCode::invalid_argument, "expected a region, for instance us-east-1");
       s.aws_region = v;
       return {};
     }},
    {.name = "exactly-once",
     .placeholder = "BOOL",
     .help = "Answer a DynamoDB write that an SDK retries (same amz-sdk-invocation-id) as the first time [true]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.exactly_once, parse_switch(v));
       return {};
     }},
    {.name = "expiry-interval-s",
     .placeholder = "N",
     .help = "Seconds between two looks for items whose time to live is over [20]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.expiry_interval_s, parse_number(v, 1, 86'400));
       return {};
     }},
    {.name = "use-conditional-writes",
     .placeholder = "BOOL",
     .help = "POST /STORE/ID refuses to count past max-counter-value [false]",
     .variable = "USE_CONDITIONAL_WRITES",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.stores.conditional_writes, parse_switch(v));
       return {};
     }},
    {.name = "max-counter-value",
     .placeholder = "N",
     .help = "Where POST /STORE/ID ends with use-conditional-writes [10]",
     .variable = "MAX_COUNTER_VALUE",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(const auto n, parse_number(v, 1, std::numeric_limits<std::int64_t>::max()));
       s.stores.max_counter_value = static_cast<std::int64_t>(n);
       return {};
     }},
    {.name = "redis-url",
     .placeholder = "URL",
     .help = "Turns the store redis on: HOST, HOST:PORT, redis://USER:PASSWORD@HOST:PORT/DB or rediss://... (TLS)",
     .variable = "REDIS_URL",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.redis_url = v;
       return {};
     }},
    {.name = "redis-port",
     .placeholder = "PORT",
     .help = "Port of redis-url if that has none [6379]",
     .variable = "REDIS_PORT",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(const auto n, parse_number(v, 1, 65'535));
       s.stores.redis_port = static_cast<std::uint16_t>(n);
       return {};
     }},
    {.name = "docdb-connection-string",
     .placeholder = "URL",
     .help = "Turns the store docdb on: mongodb://... of MongoDB or DocumentDB",
     .variable = "DOCUMENT_DB_CONNECTION_STRING",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.docdb_connection_string = v;
       return {};
     }},
    {.name = "tidb-info",
     .placeholder = "FILE",
     .help = "Turns the store tidb on: JSON with host, port, user, pwd, db of TiDB or MySQL [tidb_info.json]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.tidb_info = v;
       return {};
     }},
    {.name = "momento-info",
     .placeholder = "FILE",
     .help = "Turns the store momento on: JSON with apiKey and endpoint [momento_key_info.json]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.momento_info = v;
       return {};
     }},
    {.name = "momento-cache",
     .placeholder = "NAME",
     .help = "Momento's cache for counters [cache]",
     .variable = "MOMENTO_CACHE_NAME",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.momento_cache = v;
       return {};
     }},
    {.name = "dynamo-table",
     .placeholder = "NAME",
     .help = "Turns the store dynamo on: the table with string key id and number atomic_counter",
     .variable = "TABLE_NAME",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.dynamo_table = v;
       return {};
     }},
    {.name = "dynamo-endpoint",
     .placeholder = "URL",
     .help = "DynamoDB Local, Alternator or another Quipu instead of AWS",
     .variable = "AWS_ENDPOINT_URL_DYNAMODB",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.dynamo_endpoint = v;
       return {};
     }},
    {.name = "dynamo-region",
     .placeholder = "NAME",
     .help = "AWS's region of the table [us-east-1]",
     .variable = "AWS_REGION",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.dynamo_region = v;
       return {};
     }},
    {.name = "dynamo-access-key-id",
     .placeholder = "ID",
     .help = "Whose requests those to the table are",
     .variable = "AWS_ACCESS_KEY_ID",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.aws_access_key_id = v;
       return {};
     }},
    {.name = "dynamo-secret-access-key",
     .placeholder = "SECRET",
     .help = "Better as AWS_SECRET_ACCESS_KEY: everybody can see a command line",
     .variable = "AWS_SECRET_ACCESS_KEY",
     .hidden = true,
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.aws_secret_access_key = v;
       return {};
     }},
    {.name = "dynamo-session-token",
     .placeholder = "TOKEN",
     .help = "Likewise",
     .variable = "AWS_SESSION_TOKEN",
     .hidden = true,
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.stores.aws_session_token = v;
       return {};
     }},
    {.name = "plans",
     .placeholder = "PLANS",
     .help = "Usage plans that the start sets: \"default rate=1000 burst=500 quota=1000000/day; partner rate=50\"",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.plans, gateway::parse_plans(v));
       return {};
     }},
    {.name = "log-level",
     .placeholder = "LEVEL",
     .help = "debug, info, warning, error or off [info]",
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       QUIPU_TRY(s.log_level, parse_log_level(v));
       return {};
     }},
    {.name = "simulated-disk",
     .placeholder = "DESCRIPTION",
     .help = "A disk that fails on purpose",
     .hidden = true,
     .apply = [](Settings& s, std::string_view v) -> Result<> {
       s.simulated_disk = v;
       return {};
     }},
});

const Setting* find_setting(std::string_view name) {
  const auto found = std::ranges::find(table, name, &Setting::name);
  return found == table.end() ? nullptr : &*found;
}

std::string names_of_settings() {
  std::string names;
  for (const Setting& setting : table) {
    if (setting.hidden) continue;
    if (!names.empty()) names += ", ";
    names += setting.name;
  }
  return names;
}

Result<> apply(ServeSettings& settings, const Setting& setting, std::string_view value, std::string_view where) {
  if (auto applied = setting.apply(settings, value); !applied)
    return fail(ErrorCode::invalid_argument, "{}: {}", where, applied.error().message);
  return {};
}

// Variables that others use too: those that the table names, whatever else there is.
Result<> apply_shared_variables(ServeSettings& settings, const TextByName& variables, std::string_view where) {
  for (const Setting& setting : table) {
    if (setting.variable.empty()) continue;
    const auto found = variables.find(setting.variable);
    if (found == variables.end() || found->second.empty()) continue;
    QUIPU_CHECK(apply(settings, setting, found->second, fmt::format("{}{}", setting.variable, where)));
  }
  return {};
}

Result<> apply_own_variables(ServeSettings& settings, const TextByName& variables, std::string_view where) {
  for (const auto& [variable, value] : variables) {
    if (!variable.starts_with(environment_prefix) || variable.starts_with(test_variables) ||
        std::ranges::find(other_variables, variable) != other_variables.end())
      continue;
    const auto setting =
        std::ranges::find_if(table, [&](const Setting& s) { return environment_name(s.name) == variable; });
    if (setting == table.end())
      return fail(ErrorCode::invalid_argument, "the variable {}{} is no setting; settings are: {}", variable, where,
                  names_of_settings());
    QUIPU_CHECK(apply(settings, *setting, value, fmt::format("{}{}", variable, where)));
  }
  return {};
}

Result<> apply_variables(ServeSettings& settings, const TextByName& variables, std::string_view where) {
  QUIPU_CHECK(apply_shared_variables(settings, variables, where));
  return apply_own_variables(settings, variables, where);
}

}  // namespace

std::span<const Setting> settings_table() {
  return table;
}

std::string environment_name(std::string_view setting) {
  std::string name{environment_prefix};
  for (const char c : setting)
    name.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  return name;
}

Result<ServeSettings> merge_settings(const TextByName& flags, const TextByName& environment, const TextByName& dotenv,
                                     const TextByName& yaml) {
  // From the weakest source to the strongest; each overwrites what came before.
  ServeSettings settings;
  for (const auto& [name, value] : yaml) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr)
      return fail(ErrorCode::invalid_argument, "{:?} in the settings file is no setting; settings are: {}", name,
                  names_of_settings());
    QUIPU_CHECK(apply(settings, *setting, value, fmt::format("{} in the settings file", name)));
  }
  QUIPU_CHECK(apply_variables(settings, dotenv, " in .env"));
  QUIPU_CHECK(apply_variables(settings, environment, ""));
  for (const auto& [name, value] : flags) {
    const Setting* setting = find_setting(name);
    QUIPU_ASSERT(setting != nullptr, "--{}", name);
    QUIPU_CHECK(apply(settings, *setting, value, fmt::format("--{}", name)));
  }
  if (settings.tls_cert.empty() != settings.tls_key.empty())
    return fail(ErrorCode::invalid_argument, "tls-cert and tls-key are only useful together; one of them is missing");
  return settings;
}

Result<TextByName> read_dotenv(const std::filesystem::path& file) {
  TextByName variables;
  std::ifstream in{file};
  if (!in) return fail(ErrorCode::environment, "{} cannot be read", file.string());
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    std::string_view rest = trim(line);
    if (rest.empty() || rest.starts_with('#')) continue;
    if (rest.starts_with("export ")) rest = trim(rest.substr(7));
    const auto equal = rest.find('=');
    if (equal == std::string_view::npos || equal == 0)
      return fail(ErrorCode::invalid_argument, "{}:{}: expected NAME=VALUE", file.string(), number);
    const std::string_view name = trim(rest.substr(0, equal));
    std::string_view value = trim(rest.substr(equal + 1));
    if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
      const auto end = value.find(value.front(), 1);
      if (end == std::string_view::npos)
        return fail(ErrorCode::invalid_argument, "{}:{}: the quote does not end", file.string(), number);
      value = value.substr(1, end - 1);
    } else if (const auto comment = value.find(" #"); comment != std::string_view::npos) {
      value = trim(value.substr(0, comment));
    }
    variables.insert_or_assign(std::string{name}, std::string{value});
  }
  return variables;
}

Result<TextByName> read_yaml(const std::filesystem::path& file) {
  // yaml-cpp throws; its exceptions end here.
  try {
    const YAML::Node root = YAML::LoadFile(file.string());
    TextByName settings;
    if (root.IsNull()) return settings;
    if (!root.IsMap())
      return fail(ErrorCode::invalid_argument, "{}: expected lines like `listen: 127.0.0.1:7070`", file.string());
    for (const auto& member : root) {
      const auto name = member.first.as<std::string>();
      if (!member.second.IsScalar())
        return fail(ErrorCode::invalid_argument, "{}: {:?} must be a single value", file.string(), name);
      if (!settings.emplace(name, member.second.as<std::string>()).second)
        return fail(ErrorCode::invalid_argument, "{}: {:?} is given twice", file.string(), name);
    }
    return settings;
  } catch (const YAML::BadFile&) {
    return fail(ErrorCode::environment, "{}: cannot be read", file.string());
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::invalid_argument, "{}: {}", file.string(), error.what());
  }
}

Result<ServeSettings> read_settings(const TextByName& flags, std::string_view settings_file) {
  TextByName yaml;
  TextByName dotenv;
  const bool named = !settings_file.empty();
  const std::filesystem::path file = named ? settings_file : settings_file_default;
  if (named || std::filesystem::exists(file)) {
    QUIPU_TRY(yaml, read_yaml(file));
  }
  if (std::filesystem::exists(dotenv_file)) {
    QUIPU_TRY(dotenv, read_dotenv(dotenv_file));
  }
  return merge_settings(flags, process_environment(), dotenv, yaml);
}

TextByName process_environment() {
  TextByName variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

Result<> parse_listen(std::string_view text, std::string& host, std::uint16_t& port) {
  const auto refuse = [&] {
    return fail(ErrorCode::invalid_argument, "expected HOST:PORT, for instance 127.0.0.1:7070 or [::1]:7070, not {:?}",
                text);
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse();
  std::string_view name = text.substr(0, colon);
  if (name.starts_with('[') && name.ends_with(']'))
    name = name.substr(1, name.size() - 2);
  else if (name.find(':') != std::string_view::npos)
    return refuse();
  const auto number = parse_int64(text.substr(colon + 1));
  if (name.empty() || !number || *number < 0 || *number > 65535) return refuse();
  host = name;
  port = static_cast<std::uint16_t>(*number);
  return {};
}

}  // namespace quipu::app
