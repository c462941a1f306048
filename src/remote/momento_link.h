// One connection to Momento, and how counters are kept in a cache. An item is the number in decimal.
//
// A failed call leaves no trace of whether it was done, and gRPC does not say whether it was sent. So only what the
// service itself refused is certainly not done.
#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>

#include "momento.grpc.pb.h"
#include "momento_control.grpc.pb.h"
#include "remote/lanes.h"
#include "remote/link.h"
#include "remote/momento_key.h"

namespace quipu::remote::momento {

// The longest that a cache keeps an item, unless the account's limit was raised. Each change begins it anew.
inline constexpr std::chrono::milliseconds time_to_live{std::chrono::hours{24}};

struct Shared {
  Access access;
  std::string cache;
  LinkLimits limits;
  Lanes lanes;
};

class MomentoLink final : public Link {
 public:
  explicit MomentoLink(Shared& shared) : shared_{shared} {}

  Result<> connect() override;
  Result<> ping() override;
  Result<> run(std::span<RemoteCall* const> calls) override;

  // True if it was not there.
  Result<bool> make_cache();

 private:
  struct Item {
    bool there = false;
    std::string body;
    std::optional<std::int64_t> number;  // nothing: it is no counter
  };

  void answer(RemoteCall& call);
  void read(RemoteCall& call);
  void increment(RemoteCall& call);
  void set(RemoteCall& call);
  void erase(RemoteCall& call);
  void compare_and_set(RemoteCall& call);
  bool compare_and_set_once(RemoteCall& call);
  bool decide(RemoteCall& call, const Item& item, std::int64_t& next);

  void begin(grpc::ClientContext& context) const;
  grpc::Status get(std::string_view key, Item& item);
  // What did not work: it may have been done.
  void failed(RemoteCall& call, const grpc::Status& status, bool writes);

  Shared& shared_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<cache_client::Scs::Stub> cache_;
  MonotonicTime deadline_{};
  std::optional<Error> broken_;  // why the connection is of no use any more
};

}  // namespace quipu::remote::momento
