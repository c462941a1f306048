#include "torture/workload.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/assert.h"

namespace quipu::torture {

namespace {

constexpr std::uint32_t hot_counter = 0;
constexpr std::uint32_t cold_counters = 32;
constexpr std::uint32_t range_counters = 4;
constexpr std::uint32_t once_counters = 4;
constexpr std::uint32_t twin_pairs = 3;
constexpr std::uint32_t first_cold = hot_counter + 1;
constexpr std::uint32_t first_range = first_cold + cold_counters;
constexpr std::uint32_t first_once = first_range + range_counters;
constexpr std::uint32_t first_twin = first_once + once_counters;
constexpr std::uint32_t counters_total = first_twin + 2 * twin_pairs;

constexpr std::int64_t range_step = 10;
constexpr unsigned twin_repeats_max = 3;
constexpr std::size_t replays_per_restart = 24;
constexpr std::size_t settled_once_kept = 512;  // to be asked again

std::string name_of(std::uint32_t counter) {
  if (counter == hot_counter) return "hot";
  if (counter < first_range) return fmt::format("cold-{}", counter - first_cold);
  if (counter < first_once) return fmt::format("range-{}", counter - first_range);
  if (counter < first_twin) return fmt::format("once-{}", counter - first_once);
  return fmt::format("twin-{}-{}", (counter - first_twin) / 2, (counter - first_twin) % 2 == 0 ? 'a' : 'b');
}

// Every number that stands behind "member": in the body, in order.
std::vector<std::int64_t> numbers_of(std::string_view body, std::string_view member) {
  std::vector<std::int64_t> numbers;
  const std::string name = fmt::format("\"{}\":", member);
  for (auto at = body.find(name); at != std::string_view::npos; at = body.find(name, at + 1)) {
    std::int64_t number = 0;
    const char* const begin = body.data() + at + name.size();
    if (std::from_chars(begin, body.data() + body.size(), number).ec == std::errc{}) numbers.push_back(number);
  }
  return numbers;
}

// What an answer that is not 200 means for an increment.
enum class Refusal : std::uint8_t { nothing_happened, unknown, unexpected };

Refusal refusal_of(int status) {
  if (status == 503 || status == 507 || status == 429) return Refusal::nothing_happened;
  return status == 500 ? Refusal::unknown : Refusal::unexpected;
}

}  // namespace

Workload::Workload(std::uint64_t seed, std::size_t connections, TortureReport& report)
    : random_{seed}, report_{report}, states_(counters_total), asked_(connections) {
  for (std::uint32_t i = 0; i < counters_total; ++i) {
    const bool is_range = i >= first_range && i < first_once;
    rules_.push_back({.name = name_of(i), .start = 0, .step = is_range ? range_step : 1});
  }
}

void Workload::begin(Phase phase) {
  QUIPU_ASSERT(asked_now_ == 0, "{} on the way", asked_now_);
  phase_ = phase;
  next_read_ = 0;
  replays_left_ = phase == Phase::retries ? std::min(replays_per_restart, once_operations_.size()) : 0;
}

bool Workload::has_more() const {
  switch (phase_) {
    case Phase::reads: return next_read_ < counters_total;
    case Phase::retries: return !to_retry_.empty() || replays_left_ > 0;
    case Phase::load: return true;
  }
  return false;
}

bool Workload::next(std::size_t connection, bool through_proxy, std::int64_t now_ns, std::string& request) {
  Asked& asked = asked_[connection];
  QUIPU_ASSERT(asked.kind == Asked::Kind::nothing, "connection {}", connection);
  if (phase_ != Phase::load && (through_proxy || !has_more())) return false;
  asked.invoke_ns = now_ns;
  switch (phase_) {
    case Phase::reads:
      asked.kind = Asked::Kind::read;
      asked.counter = next_read_++;
      break;
    case Phase::retries:
      if (!choose_retry(asked)) {
        --replays_left_;
        asked.once = once_forgotten_ + random_.below(once_operations_.size());
      }
      asked.kind = Asked::Kind::once;
      break;
    case Phase::load: choose_load(through_proxy, asked); break;
  }
  if (asked.kind == Asked::Kind::once) {
    auto& once = once_operations_[asked.once - once_forgotten_];
    if (once.on_the_way == 0 && once.first_invoke_ns == 0) once.first_invoke_ns = now_ns;
    ++once.on_the_way;
    asked.counter = once.counter;
  }
  ++asked_now_;
  write_request(asked, request);
  return true;
}

bool Workload::choose_retry(Asked& asked) {
  if (to_retry_.empty()) return false;
  asked.kind = Asked::Kind::once;
  asked.once = to_retry_.front();
  to_retry_.pop_front();
  return true;
}

void Workload::choose_new_once(Asked& asked) {
  forget_old_once();
  asked.kind = Asked::Kind::once;
  asked.once = once_forgotten_ + once_operations_.size();
  once_operations_.push_back(
      {.key = next_key_++, .counter = first_once + static_cast<std::uint32_t>(random_.below(once_counters))});
  // Sometimes the same is asked twice at once, as by a client with a short patience.
  if (random_.below(8) == 0) ask_again(asked.once);
}

void Workload::choose_load(bool through_proxy, Asked& asked) {
  const auto dice = random_.below(100);
  if (through_proxy) {
    if (dice < 30 && choose_retry(asked)) return;
    choose_new_once(asked);
  } else if (dice < 40) {
    asked.kind = Asked::Kind::increment;
    asked.counter = hot_counter;
  } else if (dice < 62) {
    asked.kind = Asked::Kind::increment;
    asked.counter = first_cold + static_cast<std::uint32_t>(random_.below(cold_counters + range_counters));
  } else if (dice < 75) {
    asked.kind = Asked::Kind::read;
    asked.counter = static_cast<std::uint32_t>(random_.below(counters_total));
  } else if (dice < 90) {
    if (dice < 82 && choose_retry(asked)) return;
    choose_new_once(asked);
  } else {
    asked.kind = Asked::Kind::twins;
    asked.counter = first_twin + 2 * static_cast<std::uint32_t>(random_.below(twin_pairs));
    asked.repeats = 1 + static_cast<unsigned>(random_.below(twin_repeats_max));
  }
}

void Workload::write_request(const Asked& asked, std::string& request) const {
  request.clear();
  const auto out = std::back_inserter(request);
  const std::string& name = rules_[asked.counter].name;
  switch (asked.kind) {
    case Asked::Kind::nothing: break;
    case Asked::Kind::read:
      fmt::format_to(out, "GET /counter?counter={} HTTP/1.1\r\nHost: torture\r\n\r\n", name);
      break;
    case Asked::Kind::increment: {
      const auto step = rules_[asked.counter].step;
      fmt::format_to(out, "POST /counter/increment?counter={}", name);
      if (step != 1) fmt::format_to(out, "&by={}", step);
      fmt::format_to(out, " HTTP/1.1\r\nHost: torture\r\nContent-Length: 0\r\n\r\n");
      break;
    }
    case Asked::Kind::once:
      fmt::format_to(out,
                     "POST /counter/increment?counter={} HTTP/1.1\r\nHost: torture\r\nIdempotency-Key: torture-{}\r\n"
                     "Content-Length: 0\r\n\r\n",
                     name, once_operations_[asked.once - once_forgotten_].key);
      break;
    case Asked::Kind::twins: {
      std::string body = "[";
      for (unsigned i = 0; i < asked.repeats; ++i)
        fmt::format_to(std::back_inserter(body), "{}{{\"counter\":\"{}\",\"by\":1}},{{\"counter\":\"{}\",\"by\":1}}",
                       i == 0 ? "" : ",", name, rules_[asked.counter + 1].name);
      body += ']';
      fmt::format_to(out,
                     "POST /counter/increment HTTP/1.1\r\nHost: torture\r\nContent-Type: application/json\r\n"
                     "Content-Length: {}\r\n\r\n{}",
                     body.size(), body);
      break;
    }
  }
}

void Workload::answered(std::size_t connection, const Answer& answer, std::int64_t now_ns) {
  const Asked asked = asked_[connection];
  asked_[connection] = {};
  QUIPU_ASSERT(asked.kind != Asked::Kind::nothing, "connection {}", connection);
  --asked_now_;
  if (answer.status != 200) {
    const Refusal refusal = refusal_of(answer.status);
    if (refusal == Refusal::unexpected)
      violation(fmt::format("{}: unexpected answer {} {}", rules_[asked.counter].name, answer.status, answer.body));
    const bool counts_once = asked.kind == Asked::Kind::increment || asked.kind == Asked::Kind::twins;
    if (refusal != Refusal::nothing_happened || !counts_once) lost_asked(asked);
    return;
  }
  switch (asked.kind) {
    case Asked::Kind::nothing: break;
    case Asked::Kind::increment: answered_increment(asked, answer, now_ns); break;
    case Asked::Kind::read: answered_read(asked, answer, now_ns); break;
    case Asked::Kind::once: answered_once(asked, answer, now_ns); break;
    case Asked::Kind::twins: answered_twins(asked, answer, now_ns); break;
  }
}

void Workload::answered_increment(const Asked& asked, const Answer& answer, std::int64_t now_ns) {
  const auto values = numbers_of(answer.body, "new_value");
  if (values.size() != 1) {
    violation(fmt::format("{}: an increment was answered {}", rules_[asked.counter].name, answer.body));
    return lost_asked(asked);
  }
  record_acked(asked.counter, asked.invoke_ns, now_ns, values[0]);
}

void Workload::answered_read(const Asked& asked, const Answer& answer, std::int64_t now_ns) {
  const auto values = numbers_of(answer.body, "value");
  if (values.size() != 1)
    return violation(fmt::format("{}: a read was answered {}", rules_[asked.counter].name, answer.body));
  ++report_.reads_answered;
  history_.push_back({.invoke_ns = asked.invoke_ns,
                      .return_ns = now_ns,
                      .value = values[0],
                      .counter = asked.counter,
                      .kind = OperationKind::read});
  if (phase_ == Phase::reads) judge_after_restart(asked.counter, values[0]);
  auto& furthest = states_[asked.counter].furthest;
  furthest = std::max(furthest, values[0]);
}

void Workload::answered_once(const Asked& asked, const Answer& answer, std::int64_t now_ns) {
  auto& once = once_operations_[asked.once - once_forgotten_];
  const auto values = numbers_of(answer.body, "new_value");
  if (values.size() != 1) {
    violation(fmt::format("{}: an increment was answered {}", rules_[asked.counter].name, answer.body));
    return lost_asked(asked);
  }
  --once.on_the_way;
  if (!once.settled) return settle(once, answer, now_ns, values[0]);
  ++report_.replays_compared;
  if (once.answer != answer.body) {
    violation(fmt::format("{}: idempotency key torture-{} was answered {} and later {}", rules_[once.counter].name,
                          once.key, once.answer, answer.body));
  }
}

void Workload::settle(OnceOperation& once, const Answer& answer, std::int64_t now_ns, std::int64_t value) {
  once.settled = true;
  if (once.an_answer_was_lost) ++report_.retries_settled;
  once.answer = answer.body;
  record_acked(once.counter, once.first_invoke_ns, now_ns, value);
}

void Workload::answered_twins(const Asked& asked, const Answer& answer, std::int64_t now_ns) {
  const auto values = numbers_of(answer.body, "new_value");
  if (values.size() != 2 * asked.repeats) {
    violation(fmt::format("{}: an array was answered {}", rules_[asked.counter].name, answer.body));
    return lost_asked(asked);
  }
  ++report_.arrays_acked;
  for (unsigned i = 0; i < asked.repeats; ++i) {
    if (values[2 * i] != values[2 * i + 1] || values[2 * i] != values[0] + i) {
      violation(
          fmt::format("{}: an array that counts twins was not one step: {}", rules_[asked.counter].name, answer.body));
    }
    record_acked(asked.counter, asked.invoke_ns, now_ns, values[2 * i]);
    record_acked(asked.counter + 1, asked.invoke_ns, now_ns, values[2 * i + 1]);
  }
}

void Workload::lost(std::size_t connection) {
  const Asked asked = asked_[connection];
  asked_[connection] = {};
  if (asked.kind == Asked::Kind::nothing) return;
  --asked_now_;
  lost_asked(asked);
}

void Workload::lost_asked(const Asked& asked) {
  switch (asked.kind) {
    case Asked::Kind::nothing: break;
    case Asked::Kind::read:
      if (phase_ == Phase::reads) next_read_ = 0;  // not all were answered: ask them all again
      break;
    case Asked::Kind::increment: record_lost(asked.counter, asked.invoke_ns, 1); break;
    case Asked::Kind::twins:
      record_lost(asked.counter, asked.invoke_ns, asked.repeats);
      record_lost(asked.counter + 1, asked.invoke_ns, asked.repeats);
      break;
    case Asked::Kind::once: {
      auto& once = once_operations_[asked.once - once_forgotten_];
      --once.on_the_way;
      once.an_answer_was_lost = true;
      if (!once.settled) ask_again(asked.once);
      break;
    }
  }
}

void Workload::ask_again(std::size_t once) {
  if (std::ranges::find(to_retry_, once) == to_retry_.end()) to_retry_.push_back(once);
}

void Workload::server_ended(std::int64_t now_ns) {
  for (const auto index : lost_in_this_life_) history_[index].return_ns = now_ns;
  lost_in_this_life_.clear();
}

void Workload::record_acked(std::uint32_t counter, std::int64_t invoke_ns, std::int64_t now_ns, std::int64_t value) {
  ++report_.increments_acked;
  history_.push_back({.invoke_ns = invoke_ns, .return_ns = now_ns, .value = value, .counter = counter});
  auto& state = states_[counter];
  state.furthest = std::max(state.furthest, value);
  if (value > state.value_at_restart) ++state.acked_since;  // else its effect is older than the restart
}

void Workload::record_lost(std::uint32_t counter, std::int64_t invoke_ns, unsigned times) {
  report_.increments_lost += times;
  states_[counter].lost_since += times;
  for (unsigned i = 0; i < times; ++i) {
    lost_in_this_life_.push_back(history_.size());
    history_.push_back({.invoke_ns = invoke_ns, .counter = counter, .outcome = Outcome::indeterminate});
  }
}

void Workload::judge_after_restart(std::uint32_t counter, std::int64_t stored) {
  auto& state = states_[counter];
  std::int64_t owed = 0;
  for (const auto index : to_retry_) {
    const auto& once = once_operations_[index - once_forgotten_];
    if (once.counter == counter && !once.settled) ++owed;
  }
  const auto wrong = check_after_restart({.stored_before = state.value_at_restart,
                                          .step = rules_[counter].step,
                                          .acked_count = state.acked_since,
                                          .acked_furthest = state.furthest,
                                          .indeterminate_count = state.lost_since + owed,
                                          .stored_now = stored});
  if (wrong) violation(fmt::format("{}: {}", rules_[counter].name, *wrong));
  state = {.value_at_restart = stored, .furthest = std::max(stored, state.furthest)};
}

void Workload::judge_reads() {
  for (std::uint32_t twin = first_twin; twin < counters_total; twin += 2) {
    const auto one = states_[twin].value_at_restart;
    const auto other = states_[twin + 1].value_at_restart;
    if (one != other)
      violation(fmt::format("{} holds {} and {} holds {}; they are only counted together, in arrays", rules_[twin].name,
                            one, rules_[twin + 1].name, other));
  }
}

void Workload::forget_old_once() {
  while (once_operations_.size() > settled_once_kept) {
    const auto& oldest = once_operations_.front();
    if (!oldest.settled || oldest.on_the_way > 0) return;
    if (std::ranges::find(to_retry_, once_forgotten_) != to_retry_.end()) return;
    once_operations_.pop_front();
    ++once_forgotten_;
  }
}

void Workload::seal() {
  QUIPU_ASSERT(everything_settled(), "{} owed, {} on the way", to_retry_.size(), asked_now_);
  history_.clear();
  lost_in_this_life_.clear();
  for (std::uint32_t i = 0; i < counters_total; ++i) rules_[i].start = states_[i].value_at_restart;
}

void Workload::give_up_retries() {
  for (const auto index : to_retry_) {
    const auto& once = once_operations_[index - once_forgotten_];
    if (!once.settled) record_lost(once.counter, once.first_invoke_ns, 1);
  }
  to_retry_.clear();
}

}  // namespace quipu::torture
