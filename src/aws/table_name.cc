#include "aws/table_name.h"

#include <algorithm>
#include <string>

namespace quipu::aws {

namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

std::string_view cut_before(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view piece = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return piece;
}

}  // namespace

bool matches_table_name_pattern(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_name_character);
}

std::string_view table_name_in_arn(std::string_view arn) {
  if (cut_before(arn, ':') != "arn") return {};
  if (!cut_before(arn, ':').starts_with("aws")) return {};
  if (cut_before(arn, ':') != "dynamodb") return {};
  cut_before(arn, ':');  // region
  cut_before(arn, ':');  // account
  if (cut_before(arn, '/') != "table") return {};
  return cut_before(arn, '/');
}

Answer<std::string_view> checked_table_name(std::string_view name_or_arn) {
  std::string_view name = name_or_arn;
  if (name.starts_with("arn:")) {
    const std::string_view in_arn = table_name_in_arn(name);
    // Only the ARN of the table itself: nothing stands behind its name.
    if (!in_arn.empty() && in_arn.data() + in_arn.size() == name.data() + name.size()) name = in_arn;
  }
  std::string violations;
  int count = 0;
  const auto violated = [&](std::string_view constraint) {
    if (count++ > 0) violations += "; ";
    violations +=
        fmt::format("Value '{}' at 'tableName' failed to satisfy constraint: Member must {}", name_or_arn, constraint);
  };
  if (name.empty())
    violated("have length greater than or equal to 1");
  else {
    if (!matches_table_name_pattern(name))
      violated(fmt::format("satisfy regular expression pattern: {}", table_name_pattern));
    if (name.size() < table_name_bytes_min)
      violated(fmt::format("have length greater than or equal to {}", table_name_bytes_min));
    if (name.size() > table_name_bytes_max)
      violated(fmt::format("have length less than or equal to {}", table_name_bytes_max));
  }
  if (count == 0) return name;
  return validation("{} validation error{} detected: {}", count, count == 1 ? "" : "s", violations);
}

}  // namespace quipu::aws
