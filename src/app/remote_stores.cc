#include "app/remote_stores.h"

#include <array>
#include <filesystem>

#include "app/info_file.h"
#include "base/text.h"
#include "remote/dynamo.h"
#include "remote/momento.h"
#include "remote/mongo.h"
#include "remote/mysql.h"
#include "remote/redis.h"

namespace quipu::app {

namespace {

using Chosen = Result<std::unique_ptr<remote::Remote>>;  // null: off

// The usual file turns its store on if there is one. One that somebody named must be there.
Result<bool> is_there(std::string_view setting, const std::filesystem::path& file, const std::filesystem::path& usual) {
  std::error_code ignored;
  if (file.empty()) return false;
  if (std::filesystem::exists(file, ignored)) return true;
  if (file == usual) return false;
  return fail(ErrorCode::invalid_argument, "{}: there is no file {}", setting, file.string());
}

Chosen choose_dynamo(const StoreSettings& settings) {
  if (settings.dynamo_table.empty()) return nullptr;
  return remote::make_dynamo({.table = settings.dynamo_table,
                              .endpoint = settings.dynamo_endpoint,
                              .region = settings.dynamo_region,
                              .access_key_id = settings.aws_access_key_id,
                              .secret_access_key = settings.aws_secret_access_key,
                              .session_token = settings.aws_session_token});
}

Chosen choose_redis(const StoreSettings& settings) {
  if (settings.redis_url.empty()) return nullptr;
  return remote::make_redis({.url = settings.redis_url, .port = settings.redis_port});
}

Chosen choose_momento(const StoreSettings& settings) {
  QUIPU_TRY(const bool is_on, is_there("momento-info", settings.momento_info, StoreSettings{}.momento_info));
  if (!is_on) return nullptr;
  QUIPU_TRY(TextByName info, read_info_file(settings.momento_info));
  if (info["apiKey"].empty())
    return fail(ErrorCode::invalid_argument, "{} has no apiKey", settings.momento_info.string());
  const std::string& endpoint = info["endpoint"].empty() ? info["restEndpoint"] : info["endpoint"];
  return remote::make_momento({.api_key = info["apiKey"], .endpoint = endpoint, .cache = settings.momento_cache});
}

Chosen choose_docdb(const StoreSettings& settings) {
  if (settings.docdb_connection_string.empty()) return nullptr;
  return remote::make_mongo({.connection_string = settings.docdb_connection_string});
}

Result<std::uint16_t> read_port(std::string_view text) {
  const auto port = parse_int64(text);
  if (!port || *port < 1 || *port > 65'535) return fail(ErrorCode::invalid_argument, "{:?} is no port", text);
  return static_cast<std::uint16_t>(*port);
}

Chosen choose_tidb(const StoreSettings& settings) {
  QUIPU_TRY(const bool is_on, is_there("tidb-info", settings.tidb_info, StoreSettings{}.tidb_info));
  if (!is_on) return nullptr;
  QUIPU_TRY(TextByName info, read_info_file(settings.tidb_info));
  remote::MysqlSettings mysql{
      .host = info["host"], .user = info["user"], .password = info["pwd"], .database = info["db"]};
  if (!info["port"].empty()) {
    QUIPU_TRY(mysql.port, read_port(info["port"]));
  }
  const std::string& tls = info["tls"];
  // What is neither must not pass as false: the password would travel in the clear.
  if (!tls.empty() && tls != "true" && tls != "false")
    return fail(ErrorCode::invalid_argument, "{}: tls must be true or false, not {:?}", settings.tidb_info.string(),
                tls);
  // TiDB Cloud takes no connection without TLS.
  mysql.tls = tls == "true" || (tls.empty() && mysql.host.ends_with(".tidbcloud.com"));
  return remote::make_mysql(mysql);
}

}  // namespace

Result<std::vector<StoreChoice>> choose_stores(const StoreSettings& settings) {
  struct Row {
    std::string_view name;
    Chosen (*choose)(const StoreSettings& settings);
    std::string_view turn_on;
  };
  constexpr auto table = std::to_array<Row>({
      {"dynamo", choose_dynamo, "set TABLE_NAME (or dynamo-table)"},
      {"redis", choose_redis, "set REDIS_URL (or redis-url)"},
      {"momento", choose_momento, "put momento_key_info.json into the server's directory"},
      {"docdb", choose_docdb, "set DOCUMENT_DB_CONNECTION_STRING (or docdb-connection-string)"},
      {"tidb", choose_tidb, "put tidb_info.json into the server's directory"},
  });
  std::vector<StoreChoice> choices;
  for (const Row& row : table) {
    QUIPU_TRY(auto remote, row.choose(settings));
    choices.push_back({.name = row.name, .remote = std::move(remote), .turn_on = row.turn_on});
  }
  return choices;
}

RemoteStores::RemoteStores(std::vector<StoreChoice> choices) {
  for (StoreChoice& choice : choices)
    entries_.push_back({.name = choice.name,
                        .counters = choice.remote == nullptr
                                        ? nullptr
                                        : std::make_unique<remote::RemoteCounters>(std::move(choice.remote)),
                        .turn_on = choice.turn_on});
}

void RemoteStores::add_to(gateway::Stores& stores) const {
  for (const Entry& entry : entries_) {
    if (entry.counters != nullptr)
      stores.add(entry.name, *entry.counters);
    else
      stores.add_missing(entry.name, entry.turn_on);
  }
}

Result<RemoteStores> open_remote_stores(const StoreSettings& settings) {
  QUIPU_TRY(auto choices, choose_stores(settings));
  return RemoteStores{std::move(choices)};
}

}  // namespace quipu::app
