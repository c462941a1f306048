// One connection to MongoDB, and how counters are kept there.
//
// Most calls are one find-and-modify. The rest - a marker to keep, a value to expect, a number that $inc would not
// count exactly - reads the document, decides, and writes it back if nobody changed it meanwhile.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "remote/lanes.h"
#include "remote/link.h"
#include "remote/mongo_counter.h"
#include "remote/mongo_driver.h"

namespace quipu::remote::mongo {

// What the links of one store have in common.
struct Shared {
  Owned<mongoc_uri_t> uri;
  LinkLimits limits;
  Lanes lanes;
  std::atomic<MonotonicTime> index_seen{};  // when one of the links looked and it was there
  // Of servers that are not atomic: one call at a time, which may connect again within it.
  std::recursive_timed_mutex turn;
  std::atomic<MonotonicTime> silent{};  // when one that had the turn last gave up waiting for the server
};

class MongoLink final : public Link {
 public:
  explicit MongoLink(Shared& shared) : shared_{shared} {}

  Result<> connect() override;
  Result<> ping() override;
  Result<> run(std::span<RemoteCall* const> calls) override;

 private:
  using Turn = std::unique_lock<std::recursive_timed_mutex>;

  bool take_turn(Turn& turn) const;
  bool may_send(Turn& turn, RemoteCall& call);
  void answer(RemoteCall& call);
  void read(RemoteCall& call);
  void increment(RemoteCall& call);
  void set(RemoteCall& call);
  void erase(RemoteCall& call);
  void compare_and_set(RemoteCall& call);
  void try_until_done(RemoteCall& call, Lane& lane);
  bool compare_and_set_once(RemoteCall& call);
  bool answer_from_kept(RemoteCall& call);
  bool increment_where_stored(RemoteCall& call, bool& odd);
  // True if the call is answered: nothing came of it but an error.
  bool gave_up(RemoteCall& call, const Reply& reply);
  bool late(RemoteCall& call) const;
  Reply change(const Change& change);

  Shared& shared_;
  std::optional<Connection> connection_;
  Server server_;
  MonotonicTime deadline_{};
  std::optional<Error> broken_;  // why the connection is of no use any more
  bool in_doubt_ = false;        // one of this call's tries may have been done, or an earlier call with its marker
};

}  // namespace quipu::remote::mongo
