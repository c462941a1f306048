#include "storage/simulated_disk.h"

#include <charconv>
#include <utility>

namespace quipu::storage {

namespace {

// Takes "name=value" and the comma after it off the front.
bool take_setting(std::string_view& rest, std::string_view& name, std::string_view& value) {
  const std::string_view setting = rest.substr(0, rest.find(','));
  rest.remove_prefix(setting.size() == rest.size() ? setting.size() : setting.size() + 1);
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos) return false;
  name = setting.substr(0, equals);
  value = setting.substr(equals + 1);
  return true;
}

bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

template <class T>
bool parse_word(std::string_view text, std::initializer_list<std::pair<std::string_view, T>> words, T& value) {
  for (const auto& [word, meaning] : words) {
    if (text != word) continue;
    value = meaning;
    return true;
  }
  return false;
}

bool set(PowerLoss& disk, std::string_view name, std::string_view value) {
  if (name == "seed") return parse_number(value, disk.seed);
  if (name == "at") return parse_number(value, disk.at);
  return false;
}

bool set(DiskFault& disk, std::string_view name, std::string_view value) {
  using Kind = DiskFault::Kind;
  using Calls = DiskFault::Calls;
  if (name == "at") return parse_number(value, disk.at) && disk.at > 0;
  if (name == "kind") {
    return parse_word<Kind>(
        value, {{"eio", Kind::input_output_error}, {"enospc", Kind::no_space}, {"short", Kind::short_write}},
        disk.kind);
  }
  if (name == "calls") return parse_word<Calls>(value, {{"any", Calls::any}, {"sync", Calls::syncs}}, disk.calls);
  if (name == "for") return parse_word(value, {{"once", false}, {"ever", true}}, disk.for_ever);
  if (name == "report") disk.report = value;
  return name == "report";
}

template <class Settings>
Result<DiskDescription> parse_settings(std::string_view description, std::string_view rest, Settings settings) {
  while (!rest.empty()) {
    std::string_view name, value;
    if (!take_setting(rest, name, value) || !set(settings, name, value)) {
      return fail(ErrorCode::invalid_argument, "the disk {} has a setting that is not understood near {}", description,
                  name);
    }
  }
  return settings;
}

}  // namespace

Result<DiskDescription> parse_disk(std::string_view description) {
  if (description.empty()) return RealDisk{};
  const std::size_t colon = description.find(':');
  const std::string_view kind = description.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? "" : description.substr(colon + 1);
  if (kind == "power-loss") return parse_settings(description, rest, PowerLoss{});
  if (kind != "fault") return fail(ErrorCode::invalid_argument, "there is no simulated disk {}", description);
  QUIPU_TRY(const DiskDescription disk, parse_settings(description, rest, DiskFault{}));
  if (std::get<DiskFault>(disk).at == 0) {
    return fail(ErrorCode::invalid_argument, "the disk {} does not say which call fails (at=N)", description);
  }
  return disk;
}

}  // namespace quipu::storage
