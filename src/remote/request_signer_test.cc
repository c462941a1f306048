#include "remote/request_signer.h"

#include <gtest/gtest.h>

namespace quipu::remote {
namespace {

constexpr std::string_view target = "DynamoDB_20120810.GetItem";

AwsCredential lasting() {
  return {.access_key_id = "AKIDEXAMPLE", .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
}

// What botocore 1.29.27's SigV4Auth makes of the same request.
TEST(RequestSigner, SignsAsAwsOwnClientsDo) {
  RequestSigner signer{lasting(), "eu-west-2", "dynamodb"};
  signer.sign("localhost:8000", target, "{}", 1440938160);
  EXPECT_EQ(signer.time(), "20150830T123600Z");
  EXPECT_EQ(signer.authorization(),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-2/dynamodb/aws4_request, "
            "SignedHeaders=host;x-amz-date;x-amz-target, "
            "Signature=143dea93caf294456fd6eae1b7ceda58c33042e082b1486e684bdd3413330127");
}

TEST(RequestSigner, ATokenIsSignedToo) {
  AwsCredential temporary = lasting();
  temporary.session_token = "a/token+of=some sort";
  RequestSigner signer{temporary, "eu-west-2", "dynamodb"};
  signer.sign("localhost:8000", target, "{}", 1440938160);
  EXPECT_EQ(signer.authorization(),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-2/dynamodb/aws4_request, "
            "SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-target, "
            "Signature=87cebe5e407be00716618c824a5261cbb8c2241cb78fb15dc9509acb463a2447");
}

TEST(RequestSigner, TheKeyChangesWithTheDay) {
  RequestSigner signer{lasting(), "eu-west-2", "dynamodb"};
  signer.sign("localhost:8000", target, "{}", 1440938160);
  const std::string first = signer.authorization();
  signer.sign("localhost:8000", target, "{}", 1440938160 + 86'400);
  EXPECT_NE(signer.authorization(), first);
  EXPECT_TRUE(signer.authorization().contains("/20150831/"));
  signer.sign("localhost:8000", target, "{}", 1440938160);
  EXPECT_EQ(signer.authorization(), first);
}

}  // namespace
}  // namespace quipu::remote
