// One connection to a store, and how that store counts. Each belongs to one thread of RemoteCounters, which may wait in
// it, though never longer than the time limits that the link was made with; only the clients of MongoDB and MySQL look
// names up themselves, and the system's resolver may wait longer for a silent name server.
//
// What every link keeps to:
// - An increment is one atomic step in the store, and the value that it answers is the one that this increment made.
// - A bare increment is sent once. When its answer is lost the outcome is unknown, and the call is told so; only a call
//   with a marker may be sent again by the link itself, because the marker and the effect are one step.
// - What the store has certainly not done is `unavailable`; a limit is never reported because of a race.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "remote/remote_call.h"

namespace quipu::remote {

struct LinkLimits {
  std::chrono::milliseconds connect{1'000};
  std::chrono::milliseconds call{2'000};  // for one round trip
};

class Link {
 public:
  virtual ~Link() = default;

  // Connects, and asks the store something that it must answer.
  virtual Result<> connect() = 0;
  // After a while without calls: is it still there?
  virtual Result<> ping() = 0;
  // Answers all of them. An error: this connection is of no use any more, and connect() is next; the calls that it did
  // not come to, and of which nothing was sent, may be left unanswered.
  virtual Result<> run(std::span<RemoteCall* const> calls) = 0;
};

// What `quipu store check` finds out and says.
struct StoreReport {
  std::string server;                 // what answered, with its version
  std::vector<std::string> made;      // what was missing and is there now
  std::string durability;             // what an acknowledged increment survives, in the store's own settings
  std::vector<std::string> warnings;  // what its owner should know
};

// A store that can be reached: what it takes to make links to it.
class Remote {
 public:
  virtual ~Remote() = default;

  virtual std::string_view name() const = 0;                            // as in the route: redis, docdb, ...
  virtual std::string address() const = 0;                              // for people; without secrets
  virtual unsigned links() const = 0;                                   // how many calls are under way at once, at most
  virtual std::size_t calls_together_max() const { return 1; }          // that one link takes at once
  virtual bool goes_together(const RemoteCall&) const { return true; }  // if it takes more than one
  virtual std::unique_ptr<Link> make_link() const = 0;
  // Connects, makes what is missing (tables, indexes), and looks how durable the store is. May take some seconds.
  virtual Result<StoreReport> prepare() const = 0;
};

}  // namespace quipu::remote
