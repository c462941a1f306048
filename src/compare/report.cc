#include "compare/report.h"

#include <fmt/core.h>

#include "base/json_writer.h"

namespace quipu::compare {

namespace {

std::string milliseconds(std::uint32_t microseconds) {
  return fmt::format("{:.2f}", microseconds / 1000.0);
}

std::string load_row(std::string_view name, std::string_view phase, const LoadResult& load) {
  return fmt::format("{:<9}{:<15}{:>11}{:>10}{:>10}{:>10}{:>9}{:>9}\n", name, phase,
                     with_commas(static_cast<std::uint64_t>(load.per_second())), milliseconds(load.latency_us(0.5)),
                     milliseconds(load.latency_us(0.99)), milliseconds(load.latency_us(0.999)),
                     with_commas(load.failed + load.conflicts), with_commas(load.unknown));
}

void append_load(JsonWriter& json, std::string_view name, const LoadResult& load) {
  json.member(name).begin_object();
  json.member("per_second").uint64(static_cast<std::uint64_t>(load.per_second()));
  json.member("done").uint64(load.done).member("limits_reached").uint64(load.limits_reached);
  json.member("conflicts").uint64(load.conflicts).member("failed").uint64(load.failed);
  json.member("outcome_unknown").uint64(load.unknown);
  json.member("p50_us").uint64(load.latency_us(0.5)).member("p99_us").uint64(load.latency_us(0.99));
  json.member("p999_us").uint64(load.latency_us(0.999)).member("first_error").string(load.first_error);
  json.end_object();
}

void append_verdict(JsonWriter& json, const Verdict& verdict) {
  json.member("verdict").begin_object();
  json.member("good").boolean(verdict.good()).member("duplicates").uint64(verdict.duplicates);
  json.member("lost").uint64(verdict.lost).member("handed_to_nobody").uint64(verdict.handed_to_nobody);
  json.member("out_of_order").uint64(verdict.out_of_order).member("overshot").uint64(verdict.overshot);
  json.member("undershot").uint64(verdict.undershot).member("takes_keys").boolean(verdict.takes_keys);
  json.member("answers_lost").uint64(verdict.answers_lost);
  json.member("double_counted").uint64(verdict.double_counted).member("example").string(verdict.example);
  json.member("not_judged").string(verdict.not_judged);
  json.end_object();
}

}  // namespace

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t from_end = 3; from_end < text.size(); from_end += 4) text.insert(text.size() - from_end, 1, ',');
  return text;
}

std::vector<Finding> findings(const StoreTrial& trial) {
  const Verdict& verdict = trial.verdict;
  std::vector<Finding> all;
  if (!verdict.not_judged.empty())
    all.push_back({.question = "could not be judged", .answer = verdict.not_judged, .good = false});
  const auto count_or_none = [&](std::uint64_t count) -> std::string {
    if (count != 0) return with_commas(count);
    return verdict.not_judged.empty() ? "none" : "none seen";
  };
  const auto add = [&](std::string_view question, std::uint64_t count) {
    all.push_back({.question = question, .answer = count_or_none(count), .good = count == 0});
  };
  add("numbers given twice", verdict.duplicates);
  add("acknowledged increments lost", verdict.lost);
  add("numbers given to nobody", verdict.handed_to_nobody);
  add("answers out of order", verdict.out_of_order);
  add("increments beyond the maximum", verdict.overshot);
  add("refused below the maximum", verdict.undershot);
  if (verdict.takes_keys)
    all.push_back({.question = "retries counted twice",
                   .answer = fmt::format("{} (of {} lost answers)", count_or_none(verdict.double_counted),
                                         with_commas(verdict.answers_lost)),
                   .good = verdict.double_counted == 0});
  else
    all.push_back({.question = "retries counted twice",
                   .answer = "cannot be told: this store keeps nothing that tells a retry from a new call",
                   .good = false});
  all.push_back({.question = "durability on ack", .answer = trial.durability});
  return all;
}

std::string text_report(std::span<const StoreTrial> trials) {
  std::string text = fmt::format("\n{:<9}{:<15}{:>11}{:>10}{:>10}{:>10}{:>9}{:>9}\n", "store", "increments", "a second",
                                 "p50 ms", "p99 ms", "p99.9 ms", "errors", "unknown");
  for (const StoreTrial& trial : trials) {
    if (!trial.error.empty()) continue;
    for (const auto& [phase, load] : trial.loads()) text += load_row(trial.name, phase, load);
  }
  for (const StoreTrial& trial : trials) {
    text += fmt::format("\n{} ({})\n", trial.name, trial.error.empty() ? trial.server : "not tried: " + trial.error);
    if (!trial.error.empty()) continue;
    for (const Finding& finding : findings(trial))
      text += fmt::format("  {} {:<36}{}\n", finding.good ? " " : "!", finding.question, finding.answer);
    if (!trial.verdict.example.empty()) text += fmt::format("    for instance: {}\n", trial.verdict.example);
    for (const auto& [phase, load] : trial.loads())
      if (!load.first_error.empty()) text += fmt::format("    first error, {}: {}\n", phase, load.first_error);
    for (const std::string& warning : trial.warnings) text += fmt::format("  ! {}\n", warning);
  }
  return text;
}

std::string json_report(std::span<const StoreTrial> trials, const Circumstances& circumstances) {
  std::string out;
  JsonWriter json{out};
  json.begin_object().member("when").string(circumstances.when).member("machine").string(circumstances.machine);
  json.member("version").string(circumstances.version).member("clients").uint64(circumstances.clients);
  json.member("duration_ms").int64(circumstances.duration.count()).member("stores").begin_array();
  for (const StoreTrial& trial : trials) {
    json.begin_object().member("store").string(trial.name);
    if (!trial.error.empty()) {
      json.member("error").string(trial.error).end_object();
      continue;
    }
    json.member("server").string(trial.server).member("durability").string(trial.durability);
    append_load(json, "unconditional", trial.unconditional);
    append_load(json, "conditional", trial.conditional);
    append_load(json, "many_counters", trial.many_counters);
    append_verdict(json, trial.verdict);
    json.member("warnings").begin_array();
    for (const std::string& warning : trial.warnings) json.string(warning);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return out + '\n';
}

}  // namespace quipu::compare
