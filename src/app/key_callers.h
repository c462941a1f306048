// API keys as DynamoDB's clients show them: a key's id is an access key id, its secret is made from the key, and the
// key's plan limits what is signed with it.
#pragma once

#include "aws/caller_limits.h"
#include "aws/sigv4.h"
#include "gateway/key_ring.h"

namespace quipu::app {

class KeyCallers final : public aws::CredentialSource, public aws::CallerLimits {
 public:
  explicit KeyCallers(const gateway::KeyRing& ring) : ring_{ring} {}

  std::optional<aws::Credential> find(std::string_view access_key_id) const override;
  std::unique_ptr<Place> new_place(http::Exchange& exchange) override;
  aws::Answer<Passage> admit(std::string_view access_key_id, Place& place) override;

 private:
  const gateway::KeyRing& ring_;
};

}  // namespace quipu::app
