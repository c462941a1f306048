// Settings of `quipu serve`. Each is one row of a table (settings.cc) and can be given as a flag, as an environment
// variable or in a YAML file, in that order of precedence: --tls-cert, QUIPU_TLS_CERT, `tls-cert:`. What is not in the
// table is refused, wherever it stands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace quipu::app {

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
};

struct Setting {
  std::string_view name;         // as a flag, without the dashes
  std::string_view placeholder;  // of its value; empty for a switch
  std::string_view help;
  bool hidden = false;  // for tests; not shown
  Result<> (*apply)(ServeSettings& settings, std::string_view value);

  bool is_switch() const { return placeholder.empty(); }
};

std::span<const Setting> settings_table();

// QUIPU_TLS_CERT for tls-cert.
std::string environment_name(std::string_view setting);

using TextByName = std::map<std::string, std::string, std::less<>>;

// `flags` as given on the command line; `environment` may hold anything, of which QUIPU_* is looked at; `yaml` as read
// from the file. Errors name the setting and where it was given.
Result<ServeSettings> merge_settings(const TextByName& flags, const TextByName& environment, const TextByName& yaml);

// A flat map of settings.
Result<TextByName> read_yaml(const std::filesystem::path& file);

// The variables of this process.
TextByName process_environment();

// host:port, [::1]:port or :port.
Result<> parse_listen(std::string_view text, std::string& host, std::uint16_t& port);

}  // namespace quipu::app
