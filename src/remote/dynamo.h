// Counters in DynamoDB, DynamoDB Local, Alternator or another Quipu: items with the string key `id` and the number
// `atomic_counter`. One UpdateItem with a condition increments; a call with a marker is a transaction of the increment
// and the marker's item.
#pragma once

#include "remote/link.h"

namespace quipu::remote {

struct DynamoSettings {
  std::string table;
  std::string endpoint;  // http://HOST[:PORT] or https://...; empty: AWS in that region
  std::string region = "us-east-1";
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
};

Result<std::unique_ptr<Remote>> make_dynamo(const DynamoSettings& settings);

}  // namespace quipu::remote
