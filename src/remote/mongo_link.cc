#include "remote/mongo_link.h"

#include "base/clock.h"
#include "remote/patience.h"

namespace quipu::remote::mongo {

namespace {

using counter::CallKind;
using counter::CallOutcome;
using std::chrono::steady_clock;

constexpr std::chrono::seconds index_trusted{5};

void answer_decided(RemoteCall& call, const Decision& decision) {
  if (decision.outcome == CallOutcome::done) return call.done(decision.value);
  call.refused(decision.outcome, decision.value);
}

}  // namespace

Result<> MongoLink::connect() {
  broken_.reset();
  connection_.emplace(*shared_.uri, shared_.limits);
  QUIPU_TRY(server_, connection_->ask_server());
  // Before the first increment: without the index two inserts of one counter would both be made. When a store comes
  // back, all links connect at once, and one look is enough.
  if (steady_clock::now() - shared_.index_seen.load() < index_trusted) return {};
  Turn turn{shared_.turn, std::defer_lock};
  if (!take_turn(turn)) return fail(ErrorCode::unavailable, "other calls took too long");
  QUIPU_TRY([[maybe_unused]] const bool made, connection_->ensure_index());
  shared_.index_seen = steady_clock::now();
  return {};
}

Result<> MongoLink::ping() {
  QUIPU_TRY([[maybe_unused]] const Document pong, connection_->ask("ping"));
  return {};
}

// Of a server that is atomic there is nothing to take. Waits as long as one call may need that connects again.
bool MongoLink::take_turn(Turn& turn) const {
  return !server_.not_atomic || turn.try_lock_for(shared_.limits.call + shared_.limits.connect);
}

// False: the call is answered, and was not sent.
bool MongoLink::may_send(Turn& turn, RemoteCall& call) {
  const MonotonicTime asked = steady_clock::now();
  if (!take_turn(turn)) {
    call.failed({ErrorCode::unavailable, "other calls took too long; this one was not sent"});
    return false;
  }
  // Or else each of those that wait would find out for itself, one after the other.
  if (!server_.not_atomic || shared_.silent.load() < asked) return true;
  broken_ = Error{ErrorCode::unavailable, "the server is silent"};
  call.failed(*broken_);
  return false;
}

Result<> MongoLink::run(std::span<RemoteCall* const> calls) {
  for (RemoteCall* call : calls) {
    if (broken_) {
      call->failed({ErrorCode::unavailable, broken_->message});
      continue;
    }
    Turn turn{shared_.turn, std::defer_lock};
    if (!may_send(turn, *call)) continue;
    const MonotonicTime sent = steady_clock::now();
    deadline_ = sent + shared_.limits.call;
    in_doubt_ = false;
    answer(*call);
    const MonotonicTime ended = steady_clock::now();
    if (broken_ && ended - sent >= shared_.limits.call / 2) shared_.silent = ended;
  }
  if (broken_) return std::unexpected(*broken_);
  return {};
}

void MongoLink::answer(RemoteCall& call) {
  if (call.kind() == CallKind::read) return read(call);
  if (!call.marker().empty()) return compare_and_set(call);
  switch (call.kind()) {
    case CallKind::increment: return increment(call);
    case CallKind::set: return set(call);
    default: return erase(call);
  }
}

Reply MongoLink::change(const Change& change) {
  Reply reply = connection_->change(change, !server_.ferretdb);
  if (reply.broken_link) broken_ = reply.error;
  if (reply.kind == Reply::Kind::lost) in_doubt_ = true;
  return reply;
}

bool MongoLink::gave_up(RemoteCall& call, const Reply& reply) {
  if (reply.kind != Reply::Kind::refused && reply.kind != Reply::Kind::lost) return false;
  // The last try may be refused for certain while the answer to an earlier one was lost.
  call.failed({in_doubt_ ? ErrorCode::outcome_unknown : reply.error.code, reply.error.message});
  return true;
}

bool MongoLink::late(RemoteCall& call) const {
  if (steady_clock::now() < deadline_) return false;
  const std::string why =
      fmt::format("others changed {:?} faster, for {} ms", call.counter(), shared_.limits.call.count());
  if (in_doubt_)
    call.failed({ErrorCode::outcome_unknown, fmt::format("an answer was lost, and then {}", why)});
  else
    call.failed({ErrorCode::conflict, fmt::format("{}; nothing was done", why)});
  return true;
}

void MongoLink::read(RemoteCall& call) {
  const Reply reply = connection_->read(call.counter(), true);
  if (reply.broken_link) broken_ = reply.error;
  if (gave_up(call, reply)) return;
  if (reply.kind == Reply::Kind::not_found) return call.done(0);
  const Counter counter = read_counter(reply.document);
  if (counter.value == Counter::Value::other) return call.refused(CallOutcome::not_a_counter, 0);
  call.done(counter.number);
}

// The duplicate key says no more than that there is a document: either it came between the search and the insert, or it
// did not match. The second try, which inserts nothing, tells these apart.
void MongoLink::increment(RemoteCall& call) {
  const Document filter = within_limit(call);
  Document update;
  update.document("$inc", Document{}.int64(value_field, call.asked().by));
  name_new_document(update, call);
  bool may_insert = call.limit().allows_nothing;
  shared_.lanes.of(call.counter()).let_pass(deadline_);
  for (;;) {
    const Reply reply = change({.filter = &filter, .update = &update, .may_insert = may_insert});
    if (gave_up(call, reply)) return;
    if (reply.kind == Reply::Kind::found) return call.done(read_counter(reply.document).number);
    if (reply.kind == Reply::Kind::duplicate && may_insert) {
      may_insert = false;
    } else {
      bool odd = false;
      if (increment_where_stored(call, odd)) return;
      if (odd) return compare_and_set(call);
      may_insert = call.limit().allows_nothing;
    }
    if (late(call)) return;
  }
}

// Nothing matched: looks what is stored. True if that answers the call; `odd` if it is a counter that $inc must not
// touch. Else somebody was there between the two looks, and the increment is tried again.
bool MongoLink::increment_where_stored(RemoteCall& call, bool& odd) {
  const Reply stored = connection_->read(call.counter(), false);
  if (stored.broken_link) broken_ = stored.error;
  if (gave_up(call, stored)) return true;
  const Counter counter = stored.kind == Reply::Kind::found ? read_counter(stored.document) : Counter{};
  const Decision decision = decide(call, counter);
  if (decision.outcome != CallOutcome::done) {
    answer_decided(call, decision);
    return true;
  }
  odd = counter.has_document && counter.value != Counter::Value::integer;
  return false;
}

void MongoLink::set(RemoteCall& call) {
  if (call.asked().expected) return compare_and_set(call);
  const Document filter = std::move(Document{}.text(id_field, call.counter()));
  Document update;
  update.document("$set", Document{}.int64(value_field, call.asked().value));
  name_new_document(update, call);
  do {
    const Reply reply = change({.filter = &filter, .update = &update, .may_insert = true});
    if (gave_up(call, reply)) return;
    if (reply.kind == Reply::Kind::found) return call.done(call.asked().value);
  } while (!late(call));
}

// A document with markers stays, without its value: a retry of what came before must still be known.
void MongoLink::erase(RemoteCall& call) {
  const Document without_markers = std::move(
      Document{}.text(id_field, call.counter()).document("markers_written", Document{}.boolean("$exists", false)));
  const Reply removed = change({.filter = &without_markers});
  if (gave_up(call, removed)) return;
  if (removed.kind == Reply::Kind::found) return call.done(0);
  const Document any = std::move(Document{}.text(id_field, call.counter()));
  const Document update = std::move(Document{}.document("$unset", Document{}.text(value_field, "")));
  if (gave_up(call, change({.filter = &any, .update = &update}))) return;
  call.done(0);
}

void MongoLink::compare_and_set(RemoteCall& call) {
  Lane& lane = shared_.lanes.of(call.counter());
  const std::unique_lock mine{lane.turn, deadline_};
  if (!mine.owns_lock())
    return call.failed({ErrorCode::unavailable, fmt::format("other calls on {:?} took {} ms; this one was not sent",
                                                            call.counter(), shared_.limits.call.count())});
  deadline_ = steady_clock::now() + shared_.limits.call;  // the wait was not the store's
  try_until_done(call, lane);
}

void MongoLink::try_until_done(RemoteCall& call, Lane& lane) {
  for (Pressing pressing{lane}; !compare_and_set_once(call); pressing.failed()) {
    if (!broken_) {
      if (late(call)) return;
      continue;
    }
    // Only with a marker: the next look at the document tells whether it was done.
    const Error lost = *broken_;
    if (steady_clock::now() >= deadline_ || !connect()) {
      broken_ = lost;
      return call.failed({in_doubt_ ? ErrorCode::outcome_unknown : ErrorCode::unavailable, lost.message});
    }
  }
}

// False: not answered, because of a race, or because the connection broke and the call may be repeated.
bool MongoLink::compare_and_set_once(RemoteCall& call) {
  const bool repeatable = !call.marker().empty();
  const std::int64_t now_ms = Clock{}.wall_ms();
  const Reply stored = connection_->read(call.counter(), false);
  if (stored.broken_link) broken_ = stored.error;
  if (stored.broken_link && repeatable) return false;
  if (gave_up(call, stored)) return true;
  const bool there = stored.kind == Reply::Kind::found;
  if (there && repeatable) {
    if (const auto kept = find_marker(stored.document, call.marker(), now_ms)) {
      if (kept->request_hash == call.request_hash()) return answer_from_kept(call);
      call.mismatched();
      return true;
    }
  }
  const Counter counter = there ? read_counter(stored.document) : Counter{};
  const Decision decision = decide(call, counter);
  if (!repeatable && decision.outcome != CallOutcome::done) {
    answer_decided(call, decision);
    return true;
  }
  const Document filter = unchanged_since(call, there ? &stored.document : nullptr);
  const Document update = update_with(call, decision, counter, now_ms);
  const Reply reply = change({.filter = &filter, .update = &update, .may_insert = !there});
  if (reply.broken_link && repeatable) return false;
  if (gave_up(call, reply)) return true;
  if (reply.kind != Reply::Kind::found) return false;
  answer_decided(call, decision);
  return true;
}

// The marker is there, but a new primary may not have it yet, and would give its number to somebody else. It is
// answered when a majority has it, which this waits for. False: the connection broke.
bool MongoLink::answer_from_kept(RemoteCall& call) {
  in_doubt_ = true;
  Patience patience{std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - steady_clock::now())};
  do {
    const Reply stored = connection_->read(call.counter(), true);
    if (stored.broken_link) {
      broken_ = stored.error;
      return false;
    }
    if (gave_up(call, stored)) return true;
    if (stored.kind != Reply::Kind::found) continue;
    if (const auto kept = find_marker(stored.document, call.marker(), Clock{}.wall_ms())) {
      answer_from_marker(call, kept->outcome);
      return true;
    }
  } while (patience.wait());
  call.failed({ErrorCode::outcome_unknown, "it is decided, but not yet where a new primary would have it"});
  return true;
}

}  // namespace quipu::remote::mongo
