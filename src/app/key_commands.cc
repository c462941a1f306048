#include "app/key_commands.h"

#include <cstdio>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "gateway/key_ring.h"
#include "storage/committer.h"
#include "storage/store.h"
#include "table/tables.h"

namespace quipu::app {

namespace {

// The keys of a directory that no server has open.
class StoppedServer {
 public:
  static Result<std::unique_ptr<StoppedServer>> open(const std::filesystem::path& directory) {
    auto server = std::make_unique<StoppedServer>();
    QUIPU_TRY(server->store_, storage::Store::open({.directory = directory, .make = false}));
    server->committer_ = std::make_unique<storage::Committer>(*server->store_, [](const Error&) {});
    QUIPU_TRY(server->tables_, table::Tables::open(*server->store_, *server->committer_, server->clock_));
    QUIPU_TRY(server->ring_, gateway::KeyRing::open(*server->tables_));
    return server;
  }

  gateway::KeyRing& ring() { return *ring_; }

 private:
  Clock clock_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<storage::Committer> committer_;
  std::unique_ptr<table::Tables> tables_;
  std::unique_ptr<gateway::KeyRing> ring_;
};

void print_key(std::string_view id, std::string_view role, std::string_view plan, std::string_view name) {
  const std::string line =
      fmt::format("{}\t{}\t{}\t{}\n", id, role, plan.empty() ? gateway::no_plan_name : plan, printable(name));
  std::fwrite(line.data(), 1, line.size(), stdout);
}

// Reads a key's members up to the end of the object that was begun.
struct ShownKey {
  std::string id, name, role, plan, key, aws_secret;
};

ShownKey read_key(JsonReader& json) {
  ShownKey shown;
  std::string_view member;
  std::string_view text;
  json.begin_object();
  while (json.next_member(member)) {
    std::string* target = member == "id"                      ? &shown.id
                          : member == "name"                  ? &shown.name
                          : member == "role"                  ? &shown.role
                          : member == "plan"                  ? &shown.plan
                          : member == "key"                   ? &shown.key
                          : member == "aws_secret_access_key" ? &shown.aws_secret
                                                              : nullptr;
    if (target == nullptr || json.peek_type() == JsonType::null)
      json.skip_value();
    else if (json.read_string(text))
      *target = text;
  }
  return shown;
}

struct KeyOptions {
  std::shared_ptr<RemoteOptions> remote;
  std::filesystem::path data;
};

KeyOptions& add_key_options(CLI::App& command, const std::shared_ptr<KeyOptions>& options) {
  options->remote = add_remote_options(command);
  command.add_option("--data", options->data, "Work on the directory of a stopped server instead");
  return *options;
}

Result<ShownKey> create_key(const KeyOptions& options, const std::string& name, gateway::Role role,
                            const std::string& plan) {
  if (!options.data.empty()) {
    QUIPU_TRY(const auto server, StoppedServer::open(options.data));
    QUIPU_TRY(auto made,
              server->ring().create(name, role, plan.empty() ? std::nullopt : std::optional<std::string_view>{plan}));
    return ShownKey{.id = made.info.id, .key = std::move(made.key), .aws_secret = std::move(made.aws_secret)};
  }
  QUIPU_TRY(auto server, Remote::connect(*options.remote));
  std::string body;
  JsonWriter json{body};
  json.begin_object().member("name").string(name).member("role").string(gateway::to_string(role));
  if (plan == gateway::no_plan_name)
    json.member("plan").null();
  else if (!plan.empty())
    json.member("plan").string(plan);
  json.end_object();
  QUIPU_TRY(const std::string answer, server.call(http::Method::post, "/keys", body));
  JsonReader reader{answer};
  ShownKey shown = read_key(reader);
  if (!reader.finish())
    return fail(ErrorCode::unavailable, "the server's answer is no key: {}", reader.error_message());
  return shown;
}

void add_create(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("create", "Make a key and print it, this once");
  auto options = std::make_shared<KeyOptions>();
  auto name = std::make_shared<std::string>();
  auto role = std::make_shared<std::string>("client");
  add_key_options(*command, options);
  command->add_option("NAME", *name, "What it is for")->required();
  command->add_option("--role", *role, "client or admin; an admin key may manage keys")
      ->check(CLI::IsMember({"client", "admin"}))
      ->capture_default_str();
  auto plan = std::make_shared<std::string>();
  command->add_option("--plan", *plan, "Its usage plan, or none [default for clients, none for admins]");
  auto aws = std::make_shared<bool>(false);
  command->add_flag("--aws", *aws, "Print it as the AWS credentials that belong to it, for AWS's own clients");
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      QUIPU_TRY(const ShownKey made, create_key(*options, *name, *gateway::parse_role(*role), *plan));
      if (*aws)
        std::printf("export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n", made.id.c_str(),
                    made.aws_secret.c_str());
      else
        std::printf("%s\n", made.key.c_str());
      return 0;
    };
  });
}

Result<int> list_keys(const KeyOptions& options) {
  if (!options.data.empty()) {
    QUIPU_TRY(const auto server, StoppedServer::open(options.data));
    for (const auto& info : server->ring().list())
      print_key(info.id, gateway::to_string(info.role), info.plan, info.name);
    return 0;
  }
  QUIPU_TRY(auto server, Remote::connect(*options.remote));
  QUIPU_TRY(const std::string answer, server.call(http::Method::get, "/keys"));
  JsonReader json{answer};
  std::string_view member;
  json.begin_object();
  while (json.next_member(member)) {
    json.begin_array();
    while (json.next_element()) {
      const ShownKey shown = read_key(json);
      print_key(shown.id, shown.role, shown.plan, shown.name);
    }
  }
  if (!json.finish()) return fail(ErrorCode::unavailable, "the server's answer is no list: {}", json.error_message());
  return 0;
}

void add_list(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("list", "Print all keys: id, role, plan, name");
  auto options = std::make_shared<KeyOptions>();
  add_key_options(*command, options);
  command->callback([=, &chosen] { chosen = [=] { return list_keys(*options); }; });
}

void add_revoke(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("revoke", "Make a key useless");
  auto options = std::make_shared<KeyOptions>();
  auto id = std::make_shared<std::string>();
  add_key_options(*command, options);
  command->add_option("ID", *id, "Of the key, as `quipu key list` shows it")->required();
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      if (!options->data.empty()) {
        QUIPU_TRY(const auto server, StoppedServer::open(options->data));
        QUIPU_CHECK(server->ring().revoke(*id));
        return 0;
      }
      QUIPU_TRY(auto server, Remote::connect(*options->remote));
      QUIPU_CHECK(server.call(http::Method::del, target_of("/keys", {{"id", *id}})));
      return 0;
    };
  });
}

}  // namespace

void add_key_commands(CLI::App& program, Command& chosen) {
  auto* group = program.add_subcommand("key", "Manage API keys");
  group->require_subcommand(1);
  add_create(*group, chosen);
  add_list(*group, chosen);
  add_revoke(*group, chosen);
}

}  // namespace quipu::app
