#include "app/key_callers.h"

namespace quipu::app {

std::optional<aws::Credential> KeyCallers::find(std::string_view access_key_id) const {
  auto secret = ring_.aws_secret(access_key_id);
  if (!secret) return std::nullopt;
  return aws::Credential{.secret = *std::move(secret), .session_token = {}};
}

aws::Answer<> KeyCallers::admit(std::string_view access_key_id) {
  using enum gateway::Admission::Verdict;
  const auto meter = ring_.meter(access_key_id);
  if (meter == nullptr)  // revoked since its signature was checked
    return aws::refuse(aws::ErrorType::unrecognized_client, "The security token included in the request is invalid.");
  const gateway::Admission admission = meter->admit();
  switch (admission.verdict) {
    case admitted: break;
    case over_rate: return aws::refuse(aws::ErrorType::throttling, "Rate exceeded");
    case over_quota:
      return aws::refuse(aws::ErrorType::throttling,
                         fmt::format("The quota of this access key is used up; it starts anew in {} seconds",
                                     admission.retry_after_s));
    case busy:
      return aws::refuse(aws::ErrorType::service_unavailable,
                         "The quota of this access key could not be asked in time; retry");
  }
  return {};
}

}  // namespace quipu::app
