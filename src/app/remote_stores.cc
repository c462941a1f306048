#include "app/remote_stores.h"

#include "app/info_file.h"
#include "base/text.h"
#include "remote/dynamo.h"
#include "remote/mysql.h"

namespace quipu::app {

namespace {

Result<StoreChoice> choose_dynamo(const StoreSettings& settings) {
  StoreChoice choice{.name = "dynamo", .remote = nullptr, .turn_on = "set TABLE_NAME (or dynamo-table)"};
  if (settings.dynamo_table.empty()) return choice;
  QUIPU_TRY(choice.remote, remote::make_dynamo({.table = settings.dynamo_table,
                                                .endpoint = settings.dynamo_endpoint,
                                                .region = settings.dynamo_region,
                                                .access_key_id = settings.aws_access_key_id,
                                                .secret_access_key = settings.aws_secret_access_key,
                                                .session_token = settings.aws_session_token}));
  return choice;
}

Result<std::uint16_t> read_port(std::string_view text) {
  const auto port = parse_int64(text);
  if (!port || *port < 1 || *port > 65'535) return fail(ErrorCode::invalid_argument, "{:?} is no port", text);
  return static_cast<std::uint16_t>(*port);
}

// TiDB Cloud takes no connection without TLS.
Result<StoreChoice> choose_tidb(const StoreSettings& settings) {
  StoreChoice choice{.name = "tidb", .remote = nullptr, .turn_on = "put tidb_info.json into the server's directory"};
  if (settings.tidb_info.empty() || !std::filesystem::exists(settings.tidb_info)) return choice;
  QUIPU_TRY(auto info, read_info_file(settings.tidb_info));
  remote::MysqlSettings mysql{
      .host = info["host"], .user = info["user"], .password = info["pwd"], .database = info["db"]};
  if (!info["port"].empty()) {
    QUIPU_TRY(mysql.port, read_port(info["port"]));
  }
  mysql.tls = info["tls"] == "true" || (info["tls"].empty() && mysql.host.ends_with(".tidbcloud.com"));
  QUIPU_TRY(choice.remote, remote::make_mysql(mysql));
  return choice;
}

}  // namespace

Result<std::vector<StoreChoice>> choose_stores(const StoreSettings& settings) {
  std::vector<StoreChoice> choices;
  QUIPU_TRY(StoreChoice dynamo, choose_dynamo(settings));
  choices.push_back(std::move(dynamo));
  choices.push_back({.name = "redis", .remote = nullptr, .turn_on = "set REDIS_URL (or redis-url)"});
  choices.push_back(
      {.name = "momento", .remote = nullptr, .turn_on = "put momento_key_info.json into the server's directory"});
  choices.push_back({.name = "docdb",
                     .remote = nullptr,
                     .turn_on = "set DOCUMENT_DB_CONNECTION_STRING (or docdb-connection-string)"});
  QUIPU_TRY(StoreChoice tidb, choose_tidb(settings));
  choices.push_back(std::move(tidb));
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
