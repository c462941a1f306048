#include "app/plan_commands.h"

#include <cstdio>
#include <ctime>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "gateway/plan.h"

namespace quipu::app {

namespace {

struct ShownPlan {
  std::string name;
  std::string rate;
  std::int64_t burst = 0;
  std::int64_t limit = 0;
  std::string period;
  std::int64_t keys = 0;
};

void read_text(JsonReader& json, std::string& text) {
  std::string_view read;
  if (json.read_string(read)) text = read;
}

void read_quota(JsonReader& json, ShownPlan& shown) {
  std::string_view member;
  json.begin_object();
  while (json.next_member(member)) {
    if (member == "limit")
      json.read_int64(shown.limit);
    else if (member == "period")
      read_text(json, shown.period);
    else
      json.skip_value();
  }
}

ShownPlan read_plan(JsonReader& json) {
  ShownPlan shown;
  std::string_view member;
  std::string_view number;
  json.begin_object();
  while (json.next_member(member)) {
    if (member == "name")
      read_text(json, shown.name);
    else if (member == "rate" && json.read_number(number))
      shown.rate = number;
    else if (member == "burst")
      json.read_int64(shown.burst);
    else if (member == "quota")
      read_quota(json, shown);
    else if (member == "keys")
      json.read_int64(shown.keys);
    else if (!json.failed())
      json.skip_value();
  }
  return shown;
}

// NAME, what it allows, how many keys have it; with tabs between them.
void print_plan(const ShownPlan& shown) {
  std::string limits;
  if (!shown.rate.empty()) limits += fmt::format("rate={} burst={} ", shown.rate, shown.burst);
  if (shown.limit != 0) limits += fmt::format("quota={}/{} ", shown.limit, shown.period);
  if (!limits.empty()) limits.pop_back();
  std::printf("%s\t%s\t%lld\n", shown.name.c_str(), limits.c_str(), static_cast<long long>(shown.keys));
}

Result<int> not_understood(const JsonReader& json) {
  return fail(ErrorCode::unavailable, "the server's answer is not understood: {}", json.error_message());
}

struct PlanLimitOptions {
  std::optional<std::string> rate, burst, quota;
};

Result<std::string> body_of(const PlanLimitOptions& options) {
  std::string body;
  JsonWriter json{body};
  json.begin_object();
  if (options.rate) {
    QUIPU_TRY(const std::uint64_t rate, gateway::parse_rate(*options.rate));
    json.member("rate").raw_number(gateway::rate_text(rate));
  }
  if (options.burst) {
    QUIPU_TRY(const std::uint64_t burst, gateway::parse_burst(*options.burst));
    json.member("burst").uint64(burst);
  }
  if (options.quota) {
    QUIPU_TRY(const gateway::Quota quota, gateway::parse_quota(*options.quota));
    json.member("quota").begin_object().member("limit").int64(quota.limit);
    json.member("period").string(to_string(quota.period)).end_object();
  }
  json.end_object();
  return body;
}

void add_create(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("create", "Make a plan, or change the one of that name");
  auto name = std::make_shared<std::string>();
  auto limits = std::make_shared<PlanLimitOptions>();
  auto remote = add_remote_options(*command);
  command->add_option("NAME", *name, "For instance partner; `default` is for keys that name none")->required();
  command->add_option("--rate", limits->rate, "Requests a second, from 0.001 on [no limit]")->type_name("N");
  command->add_option("--burst", limits->burst, "Requests at once [what the rate gives in a second]")->type_name("N");
  command
      ->add_option("--quota", limits->quota, "Requests a period, for instance 1000000/day, /week or /month [no limit]")
      ->type_name("N/PERIOD");
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      QUIPU_TRY(const std::string body, body_of(*limits));
      QUIPU_TRY(auto server, Remote::connect(*remote));
      QUIPU_TRY(const std::string answer, server.call(http::Method::put, target_of("/plans", {{"name", *name}}), body));
      JsonReader json{answer};
      const ShownPlan shown = read_plan(json);
      if (!json.finish()) return not_understood(json);
      print_plan(shown);
      return 0;
    };
  });
}

Result<int> list_plans(const RemoteOptions& remote) {
  QUIPU_TRY(auto server, Remote::connect(remote));
  QUIPU_TRY(const std::string answer, server.call(http::Method::get, "/plans"));
  JsonReader json{answer};
  std::string_view member;
  json.begin_object();
  while (json.next_member(member)) {
    json.begin_array();
    while (json.next_element()) {
      const ShownPlan shown = read_plan(json);
      if (!json.failed()) print_plan(shown);
    }
  }
  if (!json.finish()) return not_understood(json);
  return 0;
}

void add_list(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("list", "Print all plans: name, limits, number of keys");
  auto remote = add_remote_options(*command);
  command->callback([=, &chosen] { chosen = [=] { return list_plans(*remote); }; });
}

void add_delete(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("delete", "Delete a plan that no key has");
  auto name = std::make_shared<std::string>();
  auto remote = add_remote_options(*command);
  command->add_option("NAME", *name, "Of the plan")->required();
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      QUIPU_TRY(auto server, Remote::connect(*remote));
      QUIPU_CHECK(server.call(http::Method::del, target_of("/plans", {{"name", *name}})));
      return 0;
    };
  });
}

void add_attach(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("attach", "Put a key under a plan, instead of the one that it had");
  auto name = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  auto remote = add_remote_options(*command);
  command->add_option("NAME", *name, "Of the plan; none takes the key from its plan")->required();
  command->add_option("ID", *id, "Of the key, as `quipu key list` shows it")->required();
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      std::string body;
      JsonWriter json{body};
      json.begin_object().member("plan");
      if (*name == gateway::no_plan_name)
        json.null();
      else
        json.string(*name);
      json.end_object();
      QUIPU_TRY(auto server, Remote::connect(*remote));
      QUIPU_CHECK(server.call(http::Method::put, target_of("/keys", {{"id", *id}}), body));
      return 0;
    };
  });
}

std::string utc_text(std::int64_t wall_ms) {
  const std::time_t seconds = wall_ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                     utc.tm_min);
}

struct ShownUsage {
  std::string id;
  std::string name;
  std::int64_t used = 0;
  std::int64_t left = 0;
};

ShownUsage read_usage(JsonReader& json) {
  ShownUsage shown;
  std::string_view member;
  json.begin_object();
  while (json.next_member(member)) {
    if (member == "id")
      read_text(json, shown.id);
    else if (member == "name")
      read_text(json, shown.name);
    else if (member == "used")
      json.read_int64(shown.used);
    else if (member == "left")
      json.read_int64(shown.left);
    else
      json.skip_value();
  }
  return shown;
}

Result<int> show_usage(const RemoteOptions& remote, const std::string& name) {
  QUIPU_TRY(auto server, Remote::connect(remote));
  QUIPU_TRY(const std::string answer, server.call(http::Method::get, target_of("/plans/usage", {{"name", name}})));
  ShownPlan plan;
  std::int64_t ends_ms = 0;
  std::vector<ShownUsage> keys;
  JsonReader json{answer};
  std::string_view member;
  json.begin_object();
  while (json.next_member(member)) {
    if (member == "limit") {
      json.read_int64(plan.limit);
    } else if (member == "period") {
      read_text(json, plan.period);
    } else if (member == "ends_ms") {
      json.read_int64(ends_ms);
    } else if (member == "keys") {
      json.begin_array();
      while (json.next_element()) keys.push_back(read_usage(json));
    } else {
      json.skip_value();
    }
  }
  if (!json.finish()) return not_understood(json);
  std::printf("%lld a %s; the next one starts at %s\n", static_cast<long long>(plan.limit), plan.period.c_str(),
              utc_text(ends_ms).c_str());
  for (const ShownUsage& key : keys)
    std::printf("%s\t%lld used\t%lld left\t%s\n", key.id.c_str(), static_cast<long long>(key.used),
                static_cast<long long>(key.left), printable(key.name).c_str());
  return 0;
}

void add_usage(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("usage", "Print what the keys of a plan have used of its quota");
  auto name = std::make_shared<std::string>(gateway::default_plan_name);
  auto remote = add_remote_options(*command);
  command->add_option("NAME", *name, "Of the plan")->capture_default_str();
  command->callback([=, &chosen] { chosen = [=] { return show_usage(*remote, *name); }; });
}

}  // namespace

void add_plan_commands(CLI::App& program, Command& chosen) {
  auto* group = program.add_subcommand("plan", "Manage usage plans: how much the keys under them may ask");
  group->require_subcommand(1);
  add_create(*group, chosen);
  add_list(*group, chosen);
  add_delete(*group, chosen);
  add_attach(*group, chosen);
  add_usage(*group, chosen);
}

}  // namespace quipu::app
