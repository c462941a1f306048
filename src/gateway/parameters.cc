#include "gateway/parameters.h"

#include "base/text.h"
#include "http/url.h"

namespace quipu::gateway {

Result<> read_parameters(std::string_view query, std::initializer_list<Parameter> known) {
  http::QueryReader reader{query};
  std::string_view name;
  std::string_view value;
  while (reader.next(name, value)) {
    const Parameter* found = nullptr;
    for (const Parameter& parameter : known)
      if (parameter.name == name) found = &parameter;
    if (found == nullptr) {
      std::string names;
      for (const Parameter& parameter : known) {
        if (!names.empty()) names += ", ";
        names += parameter.name;
      }
      return fail(ErrorCode::invalid_argument, "unknown parameter {:?}; this request knows: {}", name,
                  names.empty() ? "none" : names);
    }
    if (found->raw) return fail(ErrorCode::invalid_argument, "the parameter {} is given twice", name);
    found->raw = value;
  }
  return {};
}

Result<std::int64_t> parse_integer(std::string_view parameter, std::string_view raw) {
  std::string decoded;
  if (http::decode_query(raw, decoded))
    if (const auto value = parse_int64(decoded)) return *value;
  return fail(ErrorCode::invalid_argument, "{} must be a whole number from -9223372036854775808 to 9223372036854775807",
              parameter);
}

Result<> decode_name(std::string_view parameter, std::string_view raw, std::string& name, std::size_t bytes_max) {
  name.clear();
  if (!http::decode_query(raw, name))
    return fail(ErrorCode::invalid_argument, "{}: a '%' must be followed by two hexadecimal digits", parameter);
  return check_name(parameter, name, bytes_max);
}

Result<> check_name(std::string_view what, std::string_view name, std::size_t bytes_max) {
  if (name.size() > bytes_max)
    return fail(ErrorCode::invalid_argument, "{} must have at most {} bytes, it has {}", what, bytes_max, name.size());
  if (!is_valid_utf8(name)) return fail(ErrorCode::invalid_argument, "{} must be UTF-8", what);
  return {};
}

}  // namespace quipu::gateway
