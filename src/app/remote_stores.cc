#include "app/remote_stores.h"

#include <filesystem>

#include "app/info_file.h"
#include "remote/momento.h"
#include "remote/mongo.h"
#include "remote/redis.h"

namespace quipu::app {

namespace {

Result<std::unique_ptr<remote::Remote>> choose_redis(const StoreSettings& settings) {
  if (settings.redis_url.empty()) return nullptr;
  return remote::make_redis({.url = settings.redis_url, .port = settings.redis_port});
}

Result<std::unique_ptr<remote::Remote>> choose_docdb(const StoreSettings& settings) {
  if (settings.docdb_connection_string.empty()) return nullptr;
  return remote::make_mongo({.connection_string = settings.docdb_connection_string});
}

Result<std::unique_ptr<remote::Remote>> choose_momento(const StoreSettings& settings) {
  if (std::error_code ignored; !std::filesystem::exists(settings.momento_info, ignored)) return nullptr;
  QUIPU_TRY(TextByName info, read_info_file(settings.momento_info));
  if (info["apiKey"].empty())
    return fail(ErrorCode::invalid_argument, "{} has no apiKey", settings.momento_info.string());
  const std::string& endpoint = info["endpoint"].empty() ? info["restEndpoint"] : info["endpoint"];
  return remote::make_momento({.api_key = info["apiKey"], .endpoint = endpoint, .cache = settings.momento_cache});
}

}  // namespace

Result<std::vector<StoreChoice>> choose_stores(const StoreSettings& settings) {
  std::vector<StoreChoice> choices;
  choices.push_back({.name = "dynamo", .remote = nullptr, .turn_on = "set TABLE_NAME (or dynamo-table)"});
  QUIPU_TRY(auto redis, choose_redis(settings));
  choices.push_back({.name = "redis", .remote = std::move(redis), .turn_on = "set REDIS_URL (or redis-url)"});
  QUIPU_TRY(auto momento, choose_momento(settings));
  choices.push_back({.name = "momento",
                     .remote = std::move(momento),
                     .turn_on = "put momento_key_info.json into the server's directory"});
  QUIPU_TRY(auto docdb, choose_docdb(settings));
  choices.push_back({.name = "docdb",
                     .remote = std::move(docdb),
                     .turn_on = "set DOCUMENT_DB_CONNECTION_STRING (or docdb-connection-string)"});
  choices.push_back({.name = "tidb", .remote = nullptr, .turn_on = "put tidb_info.json into the server's directory"});
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
