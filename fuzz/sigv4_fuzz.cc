// Any request at all before the check of its signature: it must neither crash nor pass, as nobody here knows the
// secret.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "aws/json_tree.h"
#include "aws/sigv4.h"
#include "base/assert.h"
#include "http/request_parser.h"

namespace {

using namespace quipu::aws;  // NOLINT: everything here is about it

// The published examples are among the seeds: with their secret they would pass.
class OneKey : public CredentialSource {
 public:
  std::optional<Credential> find(std::string_view access_key_id) const override {
    if (access_key_id != "AKIDEXAMPLE") return std::nullopt;
    return Credential{.secret = "not that of the examples", .session_token = {}};
  }
};

constexpr std::int64_t when_the_examples_were_signed_ms = 1'440'938'160'000;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const OneKey keys;
  static const SignatureVerifier verifier{keys};
  static SignatureScratch scratch;
  std::string bytes{reinterpret_cast<const char*>(data), size};
  quipu::http::RequestParser parser;
  quipu::http::Request request;
  std::size_t parsed_bytes = bytes.size();
  if (parser.parse(quipu::http::Limits{}, bytes.data(), parsed_bytes, request) !=
      quipu::http::RequestParser::Status::complete)
    return 0;
  const auto signer = verifier.verify(request, when_the_examples_were_signed_ms, scratch);
  QUIPU_ASSERT(!signer, "a signature without the secret passed");
  std::string body;
  write_body(signer.error(), body);
  JsonTree answer;
  QUIPU_ASSERT(answer.parse(body), "{}", body);
  return 0;
}
