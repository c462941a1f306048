#include "remote/mongo.h"

#include "remote/mongo_link.h"

namespace quipu::remote {

namespace {

using mongo::Connection;
using mongo::Document;

std::string text_of(const Document& document, std::string_view key) {
  const auto found = document.find(key);
  return found && BSON_ITER_HOLDS_UTF8(&*found) ? bson_iter_utf8(&*found, nullptr) : "";
}

std::size_t size_of(const Document& document, std::string_view key) {
  const auto found = document.find(key);
  bson_iter_t each;
  std::size_t size = 0;
  if (found && bson_iter_recurse(&*found, &each))
    while (bson_iter_next(&each)) ++size;
  return size;
}

// An engine that keeps everything in memory says so, to those who may ask.
bool memory_only(Connection& connection) {
  const auto status = connection.ask("serverStatus");
  if (!status) return false;
  const auto engine = status->find("storageEngine");
  bson_iter_t persistent;
  return engine && bson_iter_recurse(&*engine, &persistent) && bson_iter_find(&persistent, "persistent") &&
         !bson_iter_as_bool(&persistent);
}

Result<> describe_durability(Connection& connection, const mongo::Server& server, StoreReport& report) {
  if (server.ferretdb) {
    report.durability = "what FerretDB's own database (PostgreSQL or SQLite) gives; it ignores write concerns";
    if (server.not_atomic)
      report.warnings.emplace_back(
          "FerretDB 1 does find-and-modify in two steps: with more than this one Quipu writing, or when it answers too "
          "late, numbers may be given twice. This Quipu sends it one call at a time. FerretDB 2 has no such flaw");
    return {};
  }
  auto hello = connection.ask("hello");
  if (!hello) hello = connection.ask("isMaster");  // before MongoDB 4.4.2
  if (!hello) return std::unexpected(hello.error());
  const std::string set = text_of(*hello, "setName");
  if (text_of(*hello, "msg") == "isdbgrid")
    report.durability = "in the journals of a majority of its shard's members (w: majority, j: true)";
  else if (!set.empty())
    report.durability = fmt::format(
        "in the journals of a majority of the {} members of {} (w: majority, j: true): survives the loss of the others",
        size_of(*hello, "hosts"), set);
  else
    report.durability = "in the journal of one server (j: true): survives a crash, not the loss of its disk";
  if (set.empty() && text_of(*hello, "msg").empty())
    report.warnings.emplace_back("this is no replica set: while the server is down there are no counters");
  if (memory_only(connection)) {
    report.durability = "memory only";
    report.warnings.emplace_back("the storage engine keeps nothing on disk: a restart loses every counter");
  }
  return {};
}

class MongoRemote final : public Remote {
 public:
  explicit MongoRemote(mongo::Owned<mongoc_uri_t> uri) { shared_.uri = std::move(uri); }

  std::string_view name() const override { return "docdb"; }

  std::string address() const override {
    std::string hosts;
    for (const auto* host = mongoc_uri_get_hosts(shared_.uri.get()); host != nullptr; host = host->next)
      hosts += fmt::format("{}{}", hosts.empty() ? "" : ",", host->host_and_port);
    return hosts.empty() ? "mongodb+srv" : hosts;
  }

  unsigned links() const override { return 64; }
  std::unique_ptr<Link> make_link() const override { return std::make_unique<mongo::MongoLink>(shared_); }

  Result<StoreReport> prepare() const override {
    Connection connection{*shared_.uri, shared_.limits};
    QUIPU_TRY(const mongo::Server server, connection.ask_server());
    StoreReport report{.server = server.version};
    QUIPU_TRY(const bool made, connection.ensure_index());
    if (made)
      report.made.push_back(fmt::format("the unique index on {} of {}.{}", mongo::id_field, mongo::database_name,
                                        mongo::collection_name));
    QUIPU_CHECK(describe_durability(connection, server, report));
    return report;
  }

 private:
  mutable mongo::Shared shared_;
};

}  // namespace

Result<std::unique_ptr<Remote>> make_mongo(const MongoSettings& settings) {
  QUIPU_TRY(auto uri, mongo::read_uri(settings.connection_string));
  return std::make_unique<MongoRemote>(std::move(uri));
}

}  // namespace quipu::remote
