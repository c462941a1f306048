#include "app/key_callers.h"

namespace quipu::app {

namespace {

struct WaitingPlace final : aws::CallerLimits::Place {
  explicit WaitingPlace(http::Exchange& exchange) : wait{[&exchange] { exchange.wake(); }} {}
  gateway::QuotaWait wait;
};

}  // namespace

std::optional<aws::Credential> KeyCallers::find(std::string_view access_key_id) const {
  auto secret = ring_.aws_secret(access_key_id);
  if (!secret) return std::nullopt;
  return aws::Credential{.secret = *std::move(secret), .session_token = {}};
}

std::unique_ptr<aws::CallerLimits::Place> KeyCallers::new_place(http::Exchange& exchange) {
  return std::make_unique<WaitingPlace>(exchange);
}

aws::Answer<aws::CallerLimits::Passage> KeyCallers::admit(std::string_view access_key_id, Place& place) {
  using enum gateway::Admission::Verdict;
  const auto meter = ring_.meter(access_key_id);
  if (meter == nullptr)  // revoked since its signature was checked
    return aws::refuse(aws::ErrorType::unrecognized_client, "The security token included in the request is invalid.");
  const gateway::Admission admission = meter->admit(static_cast<WaitingPlace&>(place).wait);
  switch (admission.verdict) {
    case admitted: return Passage::open;
    case later: return Passage::later;
    case over_rate: return aws::refuse(aws::ErrorType::throttling, "Rate exceeded");
    case over_quota:
      return aws::refuse(aws::ErrorType::throttling,
                         fmt::format("The quota of this access key is used up; it starts anew in {} seconds",
                                     admission.retry_after_s));
    case busy: break;
  }
  return aws::refuse(aws::ErrorType::service_unavailable, "The quota of this access key could not be asked; retry");
}

}  // namespace quipu::app
