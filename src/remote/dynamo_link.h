// A connection to DynamoDB, or to what speaks its protocol.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/client.h"
#include "remote/dynamo_requests.h"
#include "remote/lanes.h"
#include "remote/link.h"
#include "remote/patience.h"
#include "remote/request_signer.h"

namespace quipu::remote::dynamo {

struct Target {
  std::string table;
  std::string region;
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
  AwsCredential credential;

  std::string host_header() const;
  std::string url() const;
};

class DynamoLink final : public Link {
 public:
  DynamoLink(const Target& target, Lanes& lanes, LinkLimits limits = {});

  Result<> connect() override;
  Result<> ping() override;
  Result<> run(std::span<RemoteCall* const> calls) override;

  // One request; an error only where no proper answer came.
  Result<http::ClientResponse> send(std::string_view operation, std::string_view body);
  // Opens the connection, and asks nothing.
  Result<> open();

 private:
  // What came of a request that is safe to send again where nothing was done.
  enum class Came : std::uint8_t { answered, condition_failed, busy, refused, unknown };
  static Came classify(const http::ClientResponse& response, Refusal& refusal);

  Result<> run_bare(RemoteCall& call);
  Result<> finish_bare(RemoteCall& call, const http::ClientResponse& response);
  void finish_refused(RemoteCall& call, const Refusal& refusal);
  Result<> run_marked(RemoteCall& call);
  // False: something was in the way. An error: no answer; `maybe_done` if what was sent may have been done, or may yet.
  Result<bool> try_marked(RemoteCall& call, bool& maybe_done);
  Result<Item> read(std::string_view id);
  std::string new_uuid();

  const Target& target_;  // of the Remote that made us
  Lanes& lanes_;
  LinkLimits limits_;
  RequestSigner signer_;
  std::string host_header_;
  std::string uuid_beginning_;
  std::uint32_t uuids_made_ = 0;
  std::optional<http::Client> client_;
};

// What an answer that is no success says, for people.
std::string describe(const http::ClientResponse& response, const Refusal& refusal);

}  // namespace quipu::remote::dynamo
