#include "remote/redis_link.h"

#include <algorithm>

namespace quipu::remote {

using std::chrono::steady_clock;

RedisLink::RedisLink(const RedisAccess& access, LinkLimits limits)
    : access_{access}, limits_{limits}, cluster_{{.host = access.url.host, .port = access.url.port}} {}

RedisLink::Peer& RedisLink::peer(Node node) {
  if (peers_.size() < cluster_.nodes().size()) peers_.resize(cluster_.nodes().size());
  return peers_[node];
}

bool RedisLink::is_connected() const {
  return std::ranges::any_of(peers_, [](const Peer& peer) { return peer.connection != nullptr; });
}

void RedisLink::drop(Node node, std::string why) {
  peer(node).connection.reset();
  slots_are_old_ = !cluster_.is_single();
  last_failure_ = std::move(why);
}

void RedisLink::rest(Node node, MonotonicTime::duration at_least, std::string why) {
  Peer& there = peer(node);
  there.not_before = steady_clock::now() + std::max<MonotonicTime::duration>(redis_node_pause, at_least);
  there.next_try = there.next_try ? std::min(*there.next_try * 2, limits_.connect) : redis_node_try_min;
  there.why_not = why;
  drop(node, std::move(why));
}

// Of a connection that broke. A node that said nothing until then rests, one that hung up may be there again at once.
void RedisLink::lose(Node node, MonotonicTime asked, std::string why) {
  const bool silent = steady_clock::now() - asked > redis_node_pause;
  // One answer that is late says little: connecting tells more, and sooner.
  if (silent && !cluster_.is_single()) return rest(node, redis_node_pause, std::move(why));
  drop(node, std::move(why));
}

Result<RedisConnection*> RedisLink::reach(Node node, MonotonicTime deadline) {
  Peer& there = peer(node);
  // Noticed before anything is sent, a connection that is gone costs nobody an unknown outcome.
  if (there.connection != nullptr && there.connection->is_stale()) drop(node, "Redis has closed the connection");
  if (there.connection != nullptr) return there.connection.get();
  const MonotonicTime now = steady_clock::now();
  if (now < there.not_before) return fail(ErrorCode::unavailable, "{}", there.why_not);
  const RedisAddress& address = cluster_.nodes()[node];
  const MonotonicTime end = std::min(deadline, now + there.next_try.value_or(limits_.connect));
  auto opened = RedisConnection::open(access_, address.host, address.port, end);
  if (!opened) {
    rest(node, redis_node_pause_factor * (steady_clock::now() - now), opened.error().message);
    return std::unexpected(std::move(opened).error());
  }
  there.next_try.reset();
  there.connection = *std::move(opened);
  return there.connection.get();
}

Result<> RedisLink::ask_for_slots(Node node, MonotonicTime deadline) {
  // A node that is silent must leave time for another.
  const MonotonicTime asked_at = steady_clock::now();
  deadline = std::min(deadline, asked_at + limits_.connect);
  QUIPU_TRY(RedisConnection * connection, reach(node, deadline));
  auto reply = connection->ask({"CLUSTER", "SLOTS"}, deadline);
  if (!reply) {
    lose(node, asked_at, reply.error().message);
    return std::unexpected(std::move(reply).error());
  }
  // A single Redis has no such command for us.
  if (reply->is_error() && cluster_.is_single()) return {};
  const RedisAddress asked = cluster_.nodes()[node];
  QUIPU_CHECK(cluster_.take_slots(*reply, asked));
  slots_are_old_ = false;
  return {};
}

Result<> RedisLink::connect() {
  peers_.clear();
  forget_idle_nodes();
  const MonotonicTime deadline = steady_clock::now() + limits_.connect;
  Result<> reached = fail(ErrorCode::unavailable, "no node");
  // The address that was given is asked first; if it is gone, the others know the cluster as well. One that is silent
  // uses up all of a try, so every other try begins with another node; but not all of them, because behind the name
  // that was given may be a machine that is there while all the others have moved.
  const std::size_t nodes = cluster_.nodes().size();
  const std::size_t first = failed_connects_ % 2 == 0 ? 0 : (1 + failed_connects_ / 2) % nodes;
  for (std::size_t i = 0; i < nodes && steady_clock::now() < deadline; ++i) {
    reached = ask_for_slots(static_cast<Node>((first + i) % nodes), deadline);
    if (reached) return reached;
  }
  ++failed_connects_;
  return reached;
}

Result<> RedisLink::ping() {
  const MonotonicTime asked = steady_clock::now();
  // Connecting anew takes no longer than this, and calls wait for it.
  const MonotonicTime deadline = asked + limits_.connect;
  output_.clear();
  resp::append_command(output_, {"PING"});
  // All are asked before the first is waited for: the reply of one behind a silent one is then here, whatever the time.
  for (std::size_t node = 0; node < peers_.size(); ++node) {
    RedisConnection* connection = peers_[node].connection.get();
    if (connection == nullptr) continue;
    const Result<> sent = connection->is_stale() ? fail(ErrorCode::unavailable, "Redis has closed the connection")
                                                 : connection->send(output_, deadline);
    if (!sent) drop(static_cast<Node>(node), sent.error().message);
  }
  for (std::size_t node = 0; node < peers_.size(); ++node) {
    RedisConnection* connection = peers_[node].connection.get();
    if (connection == nullptr) continue;
    resp::Reply reply;
    if (const auto received = connection->receive(reply); !received)
      lose(static_cast<Node>(node), asked, received.error().message);
    else if (reply.is_error())
      drop(static_cast<Node>(node), reply.text);
  }
  if (is_connected()) return {};
  return fail(ErrorCode::unavailable, "{}", last_failure_);
}

// From any node that answers.
void RedisLink::refresh_slots(MonotonicTime deadline) {
  for (std::size_t node = 0; node < cluster_.nodes().size() && steady_clock::now() < deadline; ++node)
    if (ask_for_slots(static_cast<Node>(node), deadline)) return;
}

// Only while no call has a node: they get other numbers.
void RedisLink::forget_idle_nodes() {
  peers_.resize(cluster_.nodes().size());
  std::vector<Peer> kept;
  for (const Node old : cluster_.forget_idle_nodes()) kept.push_back(std::move(peers_[old]));
  peers_ = std::move(kept);
}

bool RedisLink::may_repeat([[maybe_unused]] const RemoteCall& call) {
#ifdef QUIPU_BUG_BARE_INCREMENT_REPEATED
  return true;
#else
  return call.kind() == counter::CallKind::read || !call.marker().empty();
#endif
}

void RedisLink::give_up(Task& task) {
  task.call->failed({task.in_doubt ? ErrorCode::outcome_unknown : ErrorCode::unavailable, std::move(task.why)});
}

// All of its tasks in one piece. Gives those that were sent; the others know why not.
std::vector<RedisLink::Task*> RedisLink::send_to(Node node, std::vector<Task>& tasks, MonotonicTime deadline) {
  std::vector<Task*> chosen;
  for (Task& task : tasks)
    if (task.node == node) chosen.push_back(&task);
  if (chosen.empty()) return {};
  const auto reached = reach(node, deadline);
  if (!reached) {
    for (Task* task : chosen) {
      task->why = reached.error().message;
      task->redirected = false;
    }
    return {};
  }
  output_.clear();
  for (const Task* task : chosen) {
    if (task->asking) resp::append_command(output_, {"ASKING"});
    append_redis_call(output_, *task->call, task->form);
  }
  if (auto sent = (*reached)->send(output_, deadline); !sent) {
    // Some of it may have gone out.
    drop(node, sent.error().message);
    for (Task* task : chosen) {
      task->why = sent.error().message;
      task->in_doubt = true;
    }
    return {};
  }
  return chosen;
}

// Afterwards the call is answered, or is to be sent again, in another way or elsewhere.
Result<> RedisLink::take_reply(Task& task, const resp::Reply& reply) {
  const RedisVerdict verdict = take_redis_reply(*task.call, task.form, reply);
  if (verdict == RedisVerdict::answered) return {};
  if (verdict == RedisVerdict::nonsense)
    return fail(ErrorCode::damaged, "Redis answers {:?}, which is no reply to this", reply.text);
  task.redirected = task.asking = false;
  task.why = fmt::format("Redis answers {:?}", reply.text);
  if (verdict == RedisVerdict::not_done) give_up(task);
  if (verdict == RedisVerdict::no_script) task.form = RedisForm::whole_script;
  if (verdict == RedisVerdict::overflow) task.form = RedisForm::script;
  if (verdict != RedisVerdict::moved) return {};
  const RedisAddress asked = cluster_.nodes()[task.node];
  QUIPU_TRY(const auto where, cluster_.take_redirection(reply.text, asked));
  task.node = where.node;
  task.asking = where.asking;
  task.redirected = true;
  return {};
}

void RedisLink::receive_from(Node node, std::span<Task* const> sent) {
  const MonotonicTime started = steady_clock::now();
  RedisConnection& connection = *peer(node).connection;
  resp::Reply reply;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    Result<> received = sent[i]->asking ? connection.receive(reply) : Result<>{};
    if (received) received = connection.receive(reply);
    if (received) received = take_reply(*sent[i], reply);
    if (received) continue;
    for (Task* task : sent.subspan(i)) {
      task->why = received.error().message;
      task->in_doubt = true;
    }
    return lose(node, started, received.error().message);
  }
}

Result<> RedisLink::run(std::span<RemoteCall* const> calls) {
  const MonotonicTime deadline = steady_clock::now() + limits_.call;
  std::vector<Task> tasks;
  tasks.reserve(calls.size());
  for (RemoteCall* call : calls) tasks.push_back({.call = call});
  if (slots_are_old_) forget_idle_nodes();
  for (unsigned tries = 0; tries < redis_tries_max && !tasks.empty() && steady_clock::now() < deadline; ++tries) {
    if (slots_are_old_) refresh_slots(deadline);
    for (Task& task : tasks)
      if (!task.redirected) task.node = cluster_.owner(task.call->counter());
    const std::size_t nodes = cluster_.nodes().size();
    std::vector<std::pair<Node, std::vector<Task*>>> sent;
    for (std::size_t node = 0; node < nodes; ++node) {
      auto to_node = send_to(static_cast<Node>(node), tasks, deadline);
      if (!to_node.empty()) sent.emplace_back(static_cast<Node>(node), std::move(to_node));
    }
    if (sent.empty() && !slots_are_old_) break;
    for (const auto& [node, to_node] : sent) receive_from(node, to_node);
    for (Task& task : tasks)
      if (!task.call->answered() && task.in_doubt && !may_repeat(*task.call)) give_up(task);
    std::erase_if(tasks, [](const Task& task) { return task.call->answered(); });
  }
  for (Task& task : tasks) give_up(task);
  if (is_connected()) return {};
  return fail(ErrorCode::unavailable, "{}", last_failure_);
}

}  // namespace quipu::remote
