#include "aws/canonical_request.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "http/url.h"

namespace quipu::aws {

namespace {

void append_query(std::string& out, const std::vector<QueryParameter>& parameters) {
  std::vector<QueryParameter> encoded;
  for (const QueryParameter& parameter : parameters) {
    if (parameter.name == signature_parameter) continue;
    QueryParameter& pair = encoded.emplace_back();
    http::percent_encode(parameter.name, pair.name);
    http::percent_encode(parameter.value, pair.value);
  }
  std::ranges::sort(encoded, {}, [](const QueryParameter& pair) { return std::tie(pair.name, pair.value); });
  bool first = true;
  for (const QueryParameter& pair : encoded) {
    if (!first) out += '&';
    first = false;
    out.append(pair.name).append("=").append(pair.value);
  }
}

void append_small_letters(std::string& out, std::string_view text) {
  for (const char c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

void append_header(std::string& out, const http::Request& request, std::string_view name) {
  append_small_letters(out, name);
  out += ':';
  bool first = true;
  for (const http::Header& header : request.headers()) {
    if (!equal_ignoring_ascii_case(header.name, name)) continue;
    if (!first) out += ',';
    first = false;
    append_canonical_value(out, header.value);
  }
  out += '\n';
}

}  // namespace

bool read_query(std::string_view raw, std::vector<QueryParameter>& parameters) {
  parameters.clear();
  http::QueryReader reader{raw};
  std::string_view name;
  std::string_view value;
  while (reader.next(name, value)) {
    QueryParameter& parameter = parameters.emplace_back();
    if (!http::decode_query(name, parameter.name) || !http::decode_query(value, parameter.value)) return false;
  }
  return true;
}

void append_canonical_value(std::string& out, std::string_view header_value) {
  bool space = false;
  for (const char c : trim(header_value)) {
    if (c == ' ' && space) continue;
    space = c == ' ';
    out += c;
  }
}

void append_canonical_path(std::string& out, std::string_view raw_path) {
  std::vector<std::string_view> segments;
  std::size_t at = 0;
  while (at < raw_path.size()) {
    const std::size_t end = std::min(raw_path.find('/', at), raw_path.size());
    const std::string_view segment = raw_path.substr(at, end - at);
    at = end + 1;
    if (segment == ".." && !segments.empty()) segments.pop_back();
    if (!segment.empty() && segment != "." && segment != "..") segments.push_back(segment);
  }
  for (const std::string_view segment : segments) {
    out += '/';
    http::percent_encode(segment, out);
  }
  if (segments.empty() || raw_path.ends_with('/')) out += '/';
}

void write_canonical_request(const http::Request& request, const std::vector<QueryParameter>& parameters,
                             std::string_view signed_headers, std::string_view payload_hash, std::string& out) {
  out.assign(request.method_name());
  out += '\n';
  append_canonical_path(out, request.path());
  out += '\n';
  append_query(out, parameters);
  out += '\n';
  for (std::size_t at = 0; at < signed_headers.size();) {
    const std::size_t end = std::min(signed_headers.find(';', at), signed_headers.size());
    append_header(out, request, signed_headers.substr(at, end - at));
    at = end + 1;
  }
  out += '\n';
  append_small_letters(out, signed_headers);
  out += '\n';
  out += payload_hash;
}

}  // namespace quipu::aws
