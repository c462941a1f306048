// Base64 as RFC 4648 section 4 has it, with padding; strict in both directions: one text for each byte string.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "aws/api_error.h"

namespace quipu::aws {

void append_base64(std::string& out, std::string_view bytes);

// SerializationException with the service's words, if `text` is not the Base64 of anything.
Answer<> check_base64(std::string_view text);

// Replaces `bytes`.
Answer<> decode_base64(std::string_view text, std::string& bytes);

}  // namespace quipu::aws
