#include "app/detour.h"

#include <fstream>

#include "app/info_file.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace quipu::app {

namespace {

constexpr std::uint16_t redis_port = 6379;
constexpr std::uint16_t mongo_port = 27'017;
constexpr std::uint16_t tidb_port = 4000;
constexpr std::uint16_t http_port = 80;

// HOST[:PORT] inside of SCHEME://[USER:PASSWORD@]HOST[:PORT][/...]; also without a scheme.
struct Authority {
  std::size_t first = 0;
  std::size_t size = 0;
  std::string_view host;
  std::optional<std::uint16_t> port;
};

Authority authority_in(std::string_view url) {
  Authority found;
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) found.first = scheme + 3;
  const auto end = std::min(url.find_first_of("/?", found.first), url.size());
  if (const auto at = url.substr(0, end).rfind('@'); at != std::string_view::npos && at >= found.first)
    found.first = at + 1;
  found.size = end - found.first;
  found.host = url.substr(found.first, found.size);
  if (const auto colon = found.host.rfind(':'); colon != std::string_view::npos) {
    if (const auto port = parse_int64(found.host.substr(colon + 1)); port && *port > 0 && *port < 65'536)
      found.port = static_cast<std::uint16_t>(*port);
    found.host = found.host.substr(0, colon);
  }
  return found;
}

bool is_this_machine(std::string_view host) {
  return host == "127.0.0.1" || host == "localhost";
}

std::optional<std::uint16_t> port_in(std::string_view url, std::uint16_t usual) {
  const bool tls = url.starts_with("https:") || url.starts_with("rediss:") || url.find("tls=true") != std::string::npos;
  const Authority authority = authority_in(url);
  if (url.empty() || tls || !is_this_machine(authority.host)) return std::nullopt;
  return authority.port.value_or(usual);
}

std::string with_port(std::string url, std::uint16_t port) {
  const Authority authority = authority_in(url);
  return url.replace(authority.first, authority.size, fmt::format("127.0.0.1:{}", port));
}

}  // namespace

std::optional<std::uint16_t> loopback_port(const StoreSettings& settings, std::string_view store) {
  if (store == "redis") return port_in(settings.redis_url, settings.redis_port != 0 ? settings.redis_port : redis_port);
  if (store == "docdb") return port_in(settings.docdb_connection_string, mongo_port);
  if (store == "dynamo") return port_in(settings.dynamo_endpoint, http_port);
  if (store != "tidb") return std::nullopt;
  const auto info = read_info_file(settings.tidb_info);
  if (!info || !info->contains("host") || !is_this_machine(info->at("host"))) return std::nullopt;
  const auto port = info->contains("port") ? parse_int64(info->at("port")) : std::optional<std::int64_t>{tidb_port};
  if (!port || *port < 1 || *port > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

Result<StoreSettings> detoured(const StoreSettings& settings, std::string_view store, std::uint16_t port,
                               const std::filesystem::path& scratch) {
  StoreSettings other = settings;
  if (store == "redis") {
    other.redis_url = with_port(settings.redis_url, port);
  } else if (store == "docdb") {
    other.docdb_connection_string = with_port(settings.docdb_connection_string, port);
  } else if (store == "dynamo") {
    other.dynamo_endpoint = with_port(settings.dynamo_endpoint, port);
  } else if (store == "tidb") {
    QUIPU_TRY(TextByName info, read_info_file(settings.tidb_info));
    info["host"] = "127.0.0.1";
    info["port"] = std::to_string(port);
    std::string text;
    JsonWriter json{text};
    json.begin_object();
    for (const auto& [name, value] : info) json.member(name).string(value);
    json.end_object();
    other.tidb_info = scratch / "tidb_info.json";
    std::ofstream out{other.tidb_info};
    if (!(out << text).flush()) return fail(ErrorCode::environment, "{} cannot be written", other.tidb_info.string());
  }
  return other;
}

}  // namespace quipu::app
