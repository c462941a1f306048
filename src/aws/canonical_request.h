// The one form of a request that both sides sign (AWS Signature Version 4):
//
//   method LF path LF query LF (header ":" value LF)* LF signed-headers LF payload-hash
//
// path     each segment percent-encoded once more than it was sent, without "." and ".." and empty segments
// query    pairs percent-encoded and sorted; without the signature itself
// header   in small letters, as listed by the signer; values trimmed, runs of spaces as one, several of a name with
//          commas between them
// payload  SHA-256 of the body in small hexadecimal digits
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace quipu::aws {

// Parameters of a query, decoded.
struct QueryParameter {
  std::string name;
  std::string value;
};

inline constexpr std::string_view signature_parameter = "X-Amz-Signature";

// False if it is malformed.
bool read_query(std::string_view raw, std::vector<QueryParameter>& parameters);

// Replaces `out`. `parameters` are those of the request's query.
void write_canonical_request(const http::Request& request, const std::vector<QueryParameter>& parameters,
                             std::string_view signed_headers, std::string_view payload_hash, std::string& out);

// For the parts of it.
void append_canonical_path(std::string& out, std::string_view raw_path);
void append_canonical_value(std::string& out, std::string_view header_value);

}  // namespace quipu::aws
