#include "storage/format_file.h"

#include "base/bytes.h"
#include "base/crc32c.h"

namespace quipu::storage {

namespace {

constexpr std::string_view signature = "quipu directory ";
constexpr std::string_view version = "1";

std::string_view name_of(Format::State state) {
  return state == Format::State::ready ? "ready" : "creating";
}

// Takes "name value LF" off the front.
bool take_line(std::string_view& rest, std::string_view name, std::string_view& value) {
  if (!rest.starts_with(name)) return false;
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  value = rest.substr(name.size(), end - name.size());
  rest.remove_prefix(end + 1);
  return true;
}

std::string checksum_line(std::string_view bytes) {
  return fmt::format("checksum {:08x}\n", crc32c(bytes));
}

}  // namespace

std::string encode_format(const Format& format) {
  QUIPU_ASSERT(format.store_id.size() == store_id_bytes);
  std::string out =
      fmt::format("{}{}\nstore {}\nstate {}\n", signature, version, to_hex(format.store_id), name_of(format.state));
  return out + checksum_line(out);
}

Result<Format> decode_format(std::string_view bytes) {
  std::string_view rest = bytes;
  std::string_view found_version, store, state;
  if (!take_line(rest, signature, found_version)) return fail(ErrorCode::damaged, "it does not begin as it must");
  if (found_version != version) {
    return fail(ErrorCode::damaged, "it says version {}, and this program knows version {}", found_version, version);
  }
  const bool complete = take_line(rest, "store ", store) && take_line(rest, "state ", state);
  if (!complete || rest != checksum_line(bytes.substr(0, bytes.size() - rest.size()))) {
    return fail(ErrorCode::damaged, "its checksum does not match");
  }
  Format format;
  if (!from_hex(store, format.store_id) || format.store_id.size() != store_id_bytes) {
    return fail(ErrorCode::damaged, "its store id is malformed");
  }
  if (state != name_of(Format::State::ready) && state != name_of(Format::State::creating)) {
    return fail(ErrorCode::damaged, "its state is malformed");
  }
  format.state = state == name_of(Format::State::ready) ? Format::State::ready : Format::State::creating;
  return format;
}

}  // namespace quipu::storage
