#include "gateway/session.h"

namespace quipu::gateway {

namespace {

void note(StoreFigures& figures, const counter::CounterCall& call) {
  using counter::CallOutcome;
  switch (call.outcome()) {
    case CallOutcome::done:
      if (call.kind() != counter::CallKind::increment) return;
      for (std::size_t i = 0; i < call.size(); ++i)
        if (const std::int64_t value = call.item(i).value; value > 0)
          figures.values.add(static_cast<std::uint64_t>(value));
      return;
    case CallOutcome::max_reached:
    case CallOutcome::min_reached: return figures.limits_reached.add();
    case CallOutcome::value_differs:
    case CallOutcome::not_a_counter: return figures.refused.add();
    case CallOutcome::failed: break;
  }
  switch (call.error().code) {
    case ErrorCode::outcome_unknown: return figures.outcome_unknown.add();
    case ErrorCode::conflict: return figures.conflicts.add();
    case ErrorCode::invalid_argument:
    case ErrorCode::idempotency_mismatch: return figures.refused.add();
    default: return figures.failed.add();
  }
}

}  // namespace

void Session::choose(Store& chosen) {
  if (calls_.size() <= chosen.index) calls_.resize(chosen.index + 1);
  auto& kept = calls_[chosen.index];
  if (kept == nullptr) kept = chosen.counters->new_call();
  store = &chosen;
  call = kept.get();
}

bool Session::start_call() {
  started_ = std::chrono::steady_clock::now();
  store->figures.requests.add();
  return call->start(*this);
}

void Session::note_outcome() {
  const auto took = std::chrono::steady_clock::now() - started_;
  StoreFigures& figures = store->figures;
  figures.completed.add();
  figures.latency_microseconds.observe(
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  note(figures, *call);
}

}  // namespace quipu::gateway
