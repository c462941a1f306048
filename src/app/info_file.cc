#include "app/info_file.h"

#include <fstream>
#include <iterator>

#include "base/json_reader.h"

namespace quipu::app {

Result<TextByName> read_info_file(const std::filesystem::path& file) {
  std::ifstream in{file};
  if (!in) return fail(ErrorCode::environment, "{} cannot be read", file.string());
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  TextByName members;
  JsonReader json{text};
  std::string_view name;
  std::string_view value;
  json.begin_object();
  while (json.next_member(name)) {
    const std::string key{name};
    switch (json.peek_type()) {
      case JsonType::string:
        if (json.read_string(value)) members[key] = value;
        break;
      case JsonType::number:
        if (json.read_number(value)) members[key] = value;
        break;
      case JsonType::boolean: {
        bool yes = false;
        if (json.read_bool(yes)) members[key] = yes ? "true" : "false";
        break;
      }
      default: json.skip_value(); break;
    }
  }
  if (!json.finish()) return fail(ErrorCode::invalid_argument, "{}: {}", file.string(), json.error_message());
  return members;
}

}  // namespace quipu::app
