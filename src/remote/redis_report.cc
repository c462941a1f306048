#include "remote/redis_report.h"

#include <algorithm>

namespace quipu::remote {

namespace {

using resp::Reply;

// "name:value" lines of INFO.
std::string info_value(std::string_view info, std::string_view name) {
  for (std::size_t at = info.find(name); at != std::string_view::npos; at = info.find(name, at + 1)) {
    const bool at_start = at == 0 || info[at - 1] == '\n';
    const std::size_t value = at + name.size();
    if (!at_start || value >= info.size() || info[value] != ':') continue;
    return std::string{info.substr(value + 1, info.find_first_of("\r\n", value) - value - 1)};
  }
  return {};
}

Result<std::string> config_value(RedisConnection& connection, std::string_view name, MonotonicTime deadline) {
  QUIPU_TRY(const Reply reply, connection.ask({"CONFIG", "GET", name}, deadline));
  if (reply.kind != Reply::Kind::list || reply.list.size() < 2) return std::string{};
  return reply.list[1].text;
}

}  // namespace

Result<RedisFacts> ask_facts(RedisConnection& connection, MonotonicTime deadline) {
  RedisFacts facts;
  QUIPU_TRY(const Reply info, connection.ask({"INFO"}, deadline));
  if (!info.is_error()) {
    facts.version = info_value(info.text, "redis_version");
    facts.is_replica = info_value(info.text, "role") == "slave";
    facts.connected_replicas = info_value(info.text, "connected_slaves");
    facts.maxmemory = info_value(info.text, "maxmemory");
    facts.maxmemory_policy = info_value(info.text, "maxmemory_policy");
    if (const auto aof = info_value(info.text, "aof_enabled"); !aof.empty())
      facts.appendonly = aof == "1" ? "yes" : "no";
  }
  QUIPU_TRY(facts.appendfsync, config_value(connection, "appendfsync", deadline));
  QUIPU_TRY(facts.save, config_value(connection, "save", deadline));
  QUIPU_TRY(facts.min_replicas_to_write, config_value(connection, "min-replicas-to-write", deadline));
  return facts;
}

std::string redis_durability(const RedisFacts& facts) {
  if (facts.appendonly == "yes") {
    if (facts.appendfsync == "always")
      return "power loss: it is synced before the answer (appendonly, appendfsync always)";
    if (facts.appendfsync == "everysec")
      return "the end of the process, but not power loss, which takes up to two seconds of acknowledged increments "
             "(appendfsync everysec)";
    if (facts.appendfsync == "no")
      return "the end of the process, but not power loss: when it is synced is up to the kernel (appendfsync no)";
    return "the end of the process; whether power loss, it does not tell (appendonly, appendfsync is not shown)";
  }
  if (facts.appendonly.empty()) return "not known: the server does not tell (INFO and CONFIG are refused)";
  if (!facts.save.empty())
    return fmt::format("nothing: it is in memory until the next snapshot (appendonly no, save {:?})", facts.save);
  return "nothing: it is in memory only (appendonly no)";
}

std::vector<std::string> redis_warnings(const RedisFacts& facts) {
  std::vector<std::string> warnings;
  if (facts.appendonly == "no" || facts.appendfsync == "everysec" || facts.appendfsync == "no")
    warnings.emplace_back("numbers may be handed out again after a crash: set appendonly yes and appendfsync always");
  if (facts.is_replica) warnings.emplace_back("it is a replica, which refuses writes: name its primary instead");
  const bool has_limit = !facts.maxmemory.empty() && facts.maxmemory != "0";
  if (has_limit && facts.maxmemory_policy.starts_with("allkeys"))
    warnings.push_back(
        fmt::format("counters are thrown away when the memory is full: maxmemory-policy is {}, "
                    "set noeviction",
                    facts.maxmemory_policy));
  else if (has_limit && facts.maxmemory_policy.starts_with("volatile"))
    warnings.push_back(
        fmt::format("markers of idempotent calls are thrown away when the memory is full: "
                    "maxmemory-policy is {}, set noeviction",
                    facts.maxmemory_policy));
  const bool has_replicas = !facts.connected_replicas.empty() && facts.connected_replicas != "0";
  if (has_replicas)
    warnings.push_back(fmt::format(
        "{} replica(s) follow late: a failover loses what was acknowledged and not yet "
        "passed on (min-replicas-to-write is {})",
        facts.connected_replicas, facts.min_replicas_to_write.empty() ? "not shown" : facts.min_replicas_to_write));
  return warnings;
}

}  // namespace quipu::remote
