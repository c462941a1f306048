// Percent-encoding and query strings (RFC 3986; '+' in a query is a space, as HTML forms send it). Nothing here
// allocates: decoding goes into the caller's buffer.
#pragma once

#include <string>
#include <string_view>

namespace quipu::http {

enum class Plus : bool { is_plus, is_space };

// Appends the decoded bytes to `out`. False, and `out` unchanged, if a '%' is not followed by two hexadecimal digits.
// The bytes may be anything, NUL and invalid UTF-8 too: that is for the caller to judge.
bool percent_decode(std::string_view text, std::string& out, Plus plus = Plus::is_plus);

// Appends `text` with everything escaped but the unreserved characters: safe in any part of a URL.
void percent_encode(std::string_view text, std::string& out);

// Walks over `name=value&name=value`. Empty pieces (`a=1&&b=2`) are skipped; a piece without '=' has an empty value.
class QueryReader {
 public:
  explicit QueryReader(std::string_view query) : rest_{query} {}

  // Raw views, not decoded. False at the end.
  bool next(std::string_view& name, std::string_view& value);

 private:
  std::string_view rest_;
};

// Decodes a raw name or value of a query into `out`, which is replaced. False if it is malformed.
bool decode_query(std::string_view raw, std::string& out);

}  // namespace quipu::http
