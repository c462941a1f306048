// Settings of `quipu serve`. Each is one row of a table (settings.cc) and can be given as a flag, as a variable of the
// environment or of .env, or in a YAML file, in that order of precedence: --tls-cert, QUIPU_TLS_CERT, `tls-cert:`. What
// is not in the table is refused, wherever it stands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "gateway/plan.h"

namespace quipu::app {

// Of the stores that others keep. What is empty is off.
struct StoreSettings {
  bool conditional_writes = false;
  std::int64_t max_counter_value = 10;
  std::string redis_url;
  std::uint16_t redis_port = 0;
  std::string docdb_connection_string;
  std::filesystem::path tidb_info = "tidb_info.json";  // as momento_info: the usual file is looked for, not demanded
  std::filesystem::path momento_info = "momento_key_info.json";
  std::string momento_cache = "cache";
  std::string dynamo_table;
  std::string dynamo_endpoint;
  std::string dynamo_region = "us-east-1";
  std::string aws_access_key_id;
  std::string aws_secret_access_key;
  std::string aws_session_token;
};

inline constexpr unsigned threads_max = 64;

struct ServeSettings {
  bool dev = false;
  std::filesystem::path data = "./data";
  std::string host = "127.0.0.1";
  std::uint16_t port = 7070;
  unsigned threads = 0;  // 0: chosen by the number of cores
  std::filesystem::path tls_cert;
  std::filesystem::path tls_key;
  bool unsafe_public = false;
  bool accept_loss = false;
  std::uint64_t connections_max = 10'000;
  std::uint64_t cache_mib = 64;
  std::uint64_t free_space_floor_mib = 256;
  LogLevel log_level = LogLevel::info;
  std::string aws_region = "us-east-1";
  bool exactly_once = true;
  std::uint64_t expiry_interval_s = 20;
  std::string simulated_disk;
  std::vector<gateway::Plan> plans;  // win over those that are stored
  StoreSettings stores;
};

struct Setting {
  std::string_view name;         // as a flag, without the dashes
  std::string_view placeholder;  // of its value; empty for a switch
  std::string_view help;
  std::string_view variable = {};  // an environment variable that others use for it too, REDIS_URL; also read from .env
  bool hidden = false;             // for tests, and for what is no business of a command line; not shown
  Result<> (*apply)(ServeSettings& settings, std::string_view value);

  bool is_switch() const { return placeholder.empty(); }
};

std::span<const Setting> settings_table();

// QUIPU_TLS_CERT for tls-cert.
std::string environment_name(std::string_view setting);

using TextByName = std::map<std::string, std::string, std::less<>>;

// `flags` as given on the command line; `environment` may hold anything, of which QUIPU_* is looked at, and the
// variables that others use too; `dotenv` as read from .env, likewise; `yaml` as read from the file. From the strongest
// to the weakest: flags, QUIPU_*, the other variables, both of .env, YAML. Errors name the setting and where it was
// given.
Result<ServeSettings> merge_settings(const TextByName& flags, const TextByName& environment, const TextByName& dotenv,
                                     const TextByName& yaml);

// A flat map of settings.
Result<TextByName> read_yaml(const std::filesystem::path& file);

// NAME=VALUE lines as the shell and other tools read them: comments, `export`, quotes. No expansion.
Result<TextByName> read_dotenv(const std::filesystem::path& file);

// All of that as a command finds it: quipu.yaml and .env in the working directory, or `settings_file` instead of the
// former.
Result<ServeSettings> read_settings(const TextByName& flags, std::string_view settings_file);

// The variables of this process.
TextByName process_environment();

// host:port, [::1]:port or :port.
Result<> parse_listen(std::string_view text, std::string& host, std::uint16_t& port);

}  // namespace quipu::app
