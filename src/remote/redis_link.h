// A link to a Redis or to a Redis Cluster: a connection to each node that calls are for, made when it is needed. What
// is given to run() goes to all nodes before the first reply is waited for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "remote/link.h"
#include "remote/redis_cluster.h"
#include "remote/redis_connection.h"
#include "remote/redis_script.h"

namespace quipu::remote {

// A call is sent so often at most: elsewhere because it was told to, or again because it may be.
inline constexpr unsigned redis_tries_max = 6;
// A node that could not be reached, or did not answer, rests for so long, or for so many times as long as it took to
// find that out by connecting: the calls on the other nodes wait for that.
inline constexpr std::chrono::milliseconds redis_node_pause{500};
inline constexpr int redis_node_pause_factor = 3;
// For the first try to connect after a rest; each further one may take twice as long as the one before.
inline constexpr std::chrono::milliseconds redis_node_try_min{100};

class RedisLink final : public Link {
 public:
  // `access` outlives the link.
  RedisLink(const RedisAccess& access, LinkLimits limits);

  Result<> connect() override;
  Result<> ping() override;
  Result<> run(std::span<RemoteCall* const> calls) override;

 private:
  using Node = RedisCluster::Node;

  struct Peer {
    std::unique_ptr<RedisConnection> connection;
    std::optional<std::chrono::milliseconds> next_try;  // how long it may take; nothing: it was well
    MonotonicTime not_before{};
    std::string why_not;
  };

  struct Task {
    RemoteCall* call;
    RedisForm form = RedisForm::shortest;
    Node node = 0;
    bool asking = false;
    bool redirected = false;  // to `node`, which otherwise is the slot's owner
    bool in_doubt = false;    // it was sent, and the answer was lost
    std::string why;          // it was not answered yet
  };

  Peer& peer(Node node);
  Result<RedisConnection*> reach(Node node, MonotonicTime deadline);
  void drop(Node node, std::string why);
  void rest(Node node, MonotonicTime::duration at_least, std::string why);
  void lose(Node node, MonotonicTime asked, std::string why);
  Result<> ask_for_slots(Node node, MonotonicTime deadline);
  void refresh_slots(MonotonicTime deadline);
  void forget_idle_nodes();
  std::vector<Task*> send_to(Node node, std::vector<Task>& tasks, MonotonicTime deadline);
  void receive_from(Node node, std::span<Task* const> sent);
  Result<> take_reply(Task& task, const resp::Reply& reply);
  bool is_connected() const;
  static bool may_repeat(const RemoteCall& call);
  static void give_up(Task& task);

  const RedisAccess& access_;
  const LinkLimits limits_;
  RedisCluster cluster_;
  std::vector<Peer> peers_;  // as cluster_.nodes()
  bool slots_are_old_ = false;
  std::size_t failed_connects_ = 0;
  std::string output_;
  std::string last_failure_;
};

}  // namespace quipu::remote
