// DynamoDB's API at the path "/": who asks, which operation, is the request one that it can have, and then the
// operation.
#pragma once

#include <memory>
#include <vector>

#include "aws/call.h"
#include "aws/operations.h"
#include "aws/sigv4.h"
#include "aws/wire.h"
#include "http/exchange.h"

namespace quipu::aws {

class Front final : public http::Handler {
 public:
  // Everything in the context outlives it. Without credentials everybody is let in, whatever their signature.
  Front(Context context, const CredentialSource* credentials, unsigned loops);
  ~Front() override;

  void handle(http::Exchange& exchange) override;
  void handle_head(http::Exchange& exchange) override;
  void resume(http::Exchange& exchange) override;
  void end_of_turn() override { context_.tables.wake(); }

 private:
  class Connection;  // the call of a connection, and what else is kept for its next request
  struct Loop;       // what each loop has for itself

  Connection& connection_of(http::Exchange& exchange) const;
  void handle_operation(Connection& connection);
  Answer<> check_head(Connection& connection) const;
  static Answer<> find_operation_of(Call& call);
  Answer<> begin(Connection& connection);
  Answer<> authenticate(Connection& connection) const;
  void reply(Connection& connection);

  const Context context_;
  std::unique_ptr<SignatureVerifier> verifier_;  // null: keys are off
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace quipu::aws
